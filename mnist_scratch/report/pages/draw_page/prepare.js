"use strict";

// Prepare a drawing as MNIST was prepared: mnist_scratch/data/pictures/prepare.py in JavaScript.
// Every step is rounded to float32 as NumPy rounds it, so that both make the same bytes.

const FIELD = 28;
const BOX = 20;
const CENTRE = 14;
const round32 = Math.fround;

// Opacities 0 to 255, one for each pixel, row by row -> 28 x 28 grey levels, or null without ink.
function prepare(ink, height, width) {
  let [top, bottom, left, right] = [height, 0, width, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (ink[row * width + column] > 0) {
        top = Math.min(top, row);
        bottom = row + 1;
        left = Math.min(left, column);
        right = Math.max(right, column + 1);
      }
    }
  }
  if (bottom === 0) return null;
  const cell = round32(Math.max(bottom - top, right - left) / BOX);
  const box = new Uint8Array(BOX * BOX);
  const averages = [];  // of each column, 20 down
  for (let column = 0; column < width; column++) {
    averages.push(
      column < left || column >= right
        ? new Float32Array(BOX)
        : average(height, (row) => round32(ink[row * width + column] / 255), top, bottom, cell)
    );
  }
  for (let row = 0; row < BOX; row++) {
    const across = average(width, (column) => averages[column][row], left, right, cell);
    across.forEach((value, column) => {
      box[row * BOX + column] = Math.min(round32(round32(value * 255) + 0.5), 255);
    });
  }
  return centre(box);
}

// Average the values from start to stop over 20 cells, whose edges may lie within a value.
function average(length, value, start, stop, cell) {
  const sums = new Float32Array(length + 1);
  for (let place = 0; place < length; place++) sums[place + 1] = sums[place] + value(place);
  const atEdge = (number) => {
    const edge = Math.min(round32(round32(number * cell) + start), stop);
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
