// Whether a drawing is of several digits: mnist_scratch/data/pictures/components.py in JavaScript,
// which gives the reasons for these numbers.

const LEAST_INK = 25.5;  // fainter is the edge of a line
const LARGE = 0.3;
const TALL = 0.55;
const OVERLAP = 0.33;
const FAR = 0.4;

// Opacities 0 to 255, one for each pixel, row by row -> whether two components are digits.
function areSeveral(ink, height, width) {
  const components = connectedComponents(ink, height, width);
  const heaviest = Math.max(...components.map((each) => each.mass));
  const large = components.filter((each) => each.mass >= LARGE * heaviest);
  const top = Math.min(...large.map((each) => each.top));
  const tall = TALL * (Math.max(...large.map((each) => each.bottom)) - top);
  const areApart = (one, other) =>
    areFar(one, other) ||
    (Math.min(one.height, other.height) >= tall && areSideBySide(one, other));
  return large.some((one, number) => large.slice(0, number).some((other) => areApart(one, other)));
}

function areSideBySide(one, other) {
  const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  return shared <= OVERLAP * Math.min(one.width, other.width);
}

function areFar(one, other) {
  const down = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
  const across = Math.max(one.left, other.left) - Math.min(one.right, other.right);
  const longest = Math.max(one.height, one.width, other.height, other.width);
  return Math.max(down, across) > FAR * longest;
}

// The 8-connected components of ink: how much ink each is, and its bounding box, ends excluded.
function connectedComponents(ink, height, width) {
  const isLeft = Uint8Array.from(ink, (value) => value > LEAST_INK);
  const components = [];
  isLeft.forEach((_, first) => {
    if (!isLeft[first]) return;
    let [mass, top, bottom, left, right] = [0, height, 0, width, 0];
    const found = [first];
    isLeft[first] = 0;
    while (found.length) {
      const place = found.pop();
      const [row, column] = [Math.floor(place / width), place % width];
      mass += ink[place];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
      [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
      for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
        for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
          if (!isLeft[y * width + x]) continue;
          isLeft[y * width + x] = 0;
          found.push(y * width + x);
        }
      }
    }
    components.push({ mass, top, bottom, left, right, height: bottom - top, width: right - left });
  });
  return components;
}
