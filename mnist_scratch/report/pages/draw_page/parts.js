// Whether a drawing is of several digits: mnist_scratch/data/pictures/components.py in JavaScript, which gives the
// reasons for these numbers.

const LEAST_INK = 25.5;  // fainter is the edge of a line
const LARGE = 0.3;
const TALL = 0.55;
const OVERLAP = 0.33;
const FAR = 0.4;

// Opacities 0 to 255, one for each pixel, row by row -> whether two parts of the ink are digits.
function areSeveral(ink, height, width) {
  const parts = connectedParts(ink, height, width);
  const heaviest = Math.max(...parts.map((part) => part.mass));
  const large = parts.filter((part) => part.mass >= LARGE * heaviest);
  const top = Math.min(...large.map((part) => part.top));
  const least = TALL * (Math.max(...large.map((part) => part.bottom)) - top);
  const isTall = (part) => part.bottom - part.top >= least;
  return large.some((one, number) =>
    large
      .slice(0, number)
      .some(
        (other) => areFar(one, other) || (isTall(one) && isTall(other) && areSideBySide(one, other))
      )
  );
}

function areSideBySide(one, other) {
  const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  return shared <= OVERLAP * Math.min(one.right - one.left, other.right - other.left);
}

function areFar(one, other) {
  const down = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
  const across = Math.max(one.left, other.left) - Math.min(one.right, other.right);
  const sides = [one, other].flatMap((part) => [part.bottom - part.top, part.right - part.left]);
  return Math.max(down, across) > FAR * Math.max(...sides);
}

// The parts of ink that hang together by edges or corners: how much each is, and the box around it.
function connectedParts(ink, height, width) {
  const isLeft = Uint8Array.from(ink, (value) => value > LEAST_INK);
  const parts = [];
  for (let first = 0; first < isLeft.length; first++) {
    if (!isLeft[first]) continue;
    const part = { mass: 0, top: height, bottom: 0, left: width, right: 0 };
    const found = [first];
    isLeft[first] = 0;
    while (found.length) {
      const place = found.pop();
      const [row, column] = [Math.floor(place / width), place % width];
      part.mass += ink[place];
      part.top = Math.min(part.top, row);
      part.bottom = Math.max(part.bottom, row + 1);
      part.left = Math.min(part.left, column);
      part.right = Math.max(part.right, column + 1);
      for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
        for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
          if (!isLeft[y * width + x]) continue;
          isLeft[y * width + x] = 0;
          found.push(y * width + x);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}
