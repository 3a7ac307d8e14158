// Prepare a drawing as MNIST was prepared: mnist_scratch/data/pictures/prepare.py in JavaScript.
// Every step is rounded to float32 as NumPy rounds it, so that both make the same bytes.
// FIELD, BOX and CENTRE are its constants, which draw.py writes before the scripts.

const FRINGE = 0.1;  // of full ink: fainter is the soft edge of a line, and not of the digit's size
const FULL = 254;
const round32 = Math.fround;

// Opacities 0 to 255 of a canvas of side x side, row by row -> 28 x 28 grey levels.
function prepare(opacity, side) {
  const { top, left, height, width } = boxOfInk(opacity, side);
  const ink = (row, column) => round32(opacity[(top + row) * side + left + column] / 255);
  const cell = round32(Math.max(height, width) / BOX);
  const averages = Array.from({ length: width }, (_, column) =>  // each of 20 down
    average(height, (row) => ink(row, column), cell)
  );
  const box = new Uint8Array(BOX * BOX);
  for (let row = 0; row < BOX; row++) {
    const across = average(width, (column) => averages[column][row], cell);
    across.forEach((value, column) => {
      box[row * BOX + column] = Math.min(round32(round32(value * 255) + 0.5), 255);
    });
  }
  return toFullInk(centre(box));
}

function boxOfInk(opacity, side) {
  let [top, bottom, left, right] = [side, 0, side, 0];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      if (opacity[row * side + column] <= FRINGE * 255) continue;
      [top, bottom] = [Math.min(top, row), row + 1];
      [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    }
  }
  return { top, bottom, left, right, height: bottom - top, width: right - left };
}

// Stretch grey levels so that the strongest is 255, unless it nearly is.
function toFullInk(image) {
  const strongest = Math.max(...image);
  if (strongest >= FULL) return image;
  return image.map((value) => Math.floor((510 * value + strongest) / (2 * strongest)));
}

// Average values over 20 cells, whose edges may lie within a value.
function average(length, value, cell) {
  const sums = new Float32Array(length + 1);
  for (let place = 0; place < length; place++) sums[place + 1] = sums[place] + value(place);
  const atEdge = (number) => {
    const edge = Math.min(round32(number * cell), length);
    const place = Math.min(Math.floor(edge), length - 1);
    return round32(sums[place] + round32(round32(edge - place) * value(place)));
  };
  return Float32Array.from({ length: BOX }, (_, number) =>
    Math.max(round32(atEdge(number + 1) - atEdge(number)) / cell, 0)
  );
}

// Move a box of 20 x 20 by whole pixels so that its centre of mass comes to (14, 14).
function centre(box) {
  const rowMass = new Array(BOX).fill(0);
  const columnMass = new Array(BOX).fill(0);
  box.forEach((value, place) => {
    rowMass[Math.floor(place / BOX)] += value;
    columnMass[place % BOX] += value;
  });
  const [down, across] = [shift(rowMass), shift(columnMass)];
  const image = new Uint8Array(FIELD * FIELD);
  box.forEach((value, place) => {
    const [row, column] = [Math.floor(place / BOX) + down, (place % BOX) + across];
    if (value > 0) image[row * FIELD + column] = value;
  });
  return image;
}

// How far ink has to move, given its mass at each of 20 positions; never out of the field.
function shift(mass) {
  let [total, moment, length] = [0, 0, 0];
  mass.forEach((value, place) => {
    total += value;
    moment += value * place;
    if (value > 0) length = place + 1;
  });
  const rounded = Math.floor((2 * CENTRE * total - 2 * moment + total) / (2 * total));
  return Math.max(0, Math.min(rounded, FIELD - length));
}
