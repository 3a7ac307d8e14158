// Which parts of a drawing make a digit, and what is none: mnist_scratch/data/pictures/several.py and
// strokes.py in JavaScript. The constants are theirs, which draw.py writes before the scripts.

// Boxes of parts -> digits in the order of reading: { members: numbers of boxes, box, rowHeight }.
function findDigits(boxes) {
  const tallest = Math.max(...boxes.map((box) => box.height));
  const isLarge = (box) =>
    box.height >= TALL * tallest || Math.min(box.height, box.width) >= BROAD * tallest;
  const parts = boxes.map((box, number) => ({ members: [number], box }));
  let large = parts.filter(({ box }) => isLarge(box));
  if (large.length === 2) {  // one digit, and perhaps a tick beside it
    const size = ({ box }) => Math.max(box.height, box.width);
    const longer = Math.max(...large.map(size));
    large = large.filter((part) => size(part) >= TICK * longer);
  }
  const whole = large.length === 2 ? [large.reduce(joined)] : large;  // it may be two halves
  const height = quantile(whole.map(({ box }) => box.height), 0.75);
  let digits = [];
  for (const part of large) {
    let digit = part;
    for (;;) {
      const pieces = digits.filter((other) => areOne(digit.box, other.box, height));
      if (!pieces.length) break;
      digits = digits.filter((other) => !pieces.includes(other));
      digit = [digit, ...pieces].reduce(joined);
    }
    digits.push(digit);
  }
  const bodies = digits.map(({ box }) => box);
  for (const part of parts) {
    const { box } = part;
    if (large.includes(part) || Math.max(box.height, box.width) < DUST * height) continue;
    const distances = bodies.map((body) => (isPart(box, body, height) ? apart(box, body) : Infinity));
    const place = distances.indexOf(Math.min(...distances));
    if (distances[place] < Infinity) digits[place] = joined(digits[place], part);
  }
  return inRows(digits).flatMap((row) => {
    const rowHeight = quantile(row.map(({ box }) => box.height), 0.5);
    return row.map((digit) => ({ ...digit, rowHeight }));
  });
}

// Whether a digit, and its prepared image, look like two that touch.
function mayBeTwo({ box, rowHeight }, image) {
  let [lines, strokes] = [0, 0];  // lines across that meet strokes, and how many
  for (let row = 0; row < FIELD; row++) {
    const before = strokes;
    for (let place = row * FIELD; place < (row + 1) * FIELD; place++) {
      if (image[place] > 100 && (place === row * FIELD || image[place - 1] <= 100)) strokes++;
    }
    if (strokes > before) lines++;
  }
  return strokes / lines + box.width / Math.max(rowHeight, box.height) / 2 > TWO;
}

// Whether every digit has a place of its own, as in rows, but not in scribbles.
function havePlaces(digits) {
  const isOver = (one, other) =>
    Math.abs(one.left + one.right - other.left - other.right) / 2 <
      BESIDE * Math.max(one.width, other.width) &&
    Math.abs(one.top + one.bottom - other.top - other.bottom) / 2 <
      BESIDE * Math.max(one.height, other.height);
  return digits.every((one) => digits.every((other) => one === other || !isOver(one.box, other.box)));
}

// Whether ink may be a digit's strokes: no scribble, solid shape or bar.
function isWritten(opacity, side) {
  const { top, bottom, left, right, height, width } = boxOfInk(opacity, side);
  const ink = (row, column) =>
    row < top || row >= bottom || column < left || column >= right ? 0 : opacity[row * side + column];
  let [area, outline] = [0, 0];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const here = ink(row, column);
      area += here;
      outline += Math.abs(here - ink(row - 1, column)) + Math.abs(here - ink(row, column - 1));
    }
  }
  const longer = Math.max(height, width);
  const length = ((Math.PI / 8) * outline) / 255 / longer;
  const stroke = (8 * area) / (Math.PI * outline) / longer;
  return (
    length <= LONGEST &&
    length * (1 + 6 * stroke) <= LONGEST_BROAD &&
    stroke <= WIDEST &&
    (length >= SHORTEST || width <= BAR * height)
  );
}

function joined(one, other) {
  const left = Math.min(one.box.left, other.box.left);
  const right = Math.max(one.box.right, other.box.right);
  const top = Math.min(one.box.top, other.box.top);
  const bottom = Math.max(one.box.bottom, other.box.bottom);
  const box = { left, right, top, bottom, width: right - left, height: bottom - top };
  return { members: [...one.members, ...other.members], box };
}

// The columns between two boxes, and the rows; below 0, how many they share.
const across = (one, other) => Math.max(one.left, other.left) - Math.min(one.right, other.right);
const down = (one, other) => Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
const apart = (one, other) => Math.max(across(one, other), down(one, other));

function areOne(one, other, height) {
  const [lower, higher] = one.height <= other.height ? [one, other] : [other, one];
  if (isBarOf(lower, higher, height)) return true;
  const shared = -across(one, other) / Math.min(one.width, other.width);
  const gap = down(one, other);
  const both = Math.max(one.bottom, other.bottom) - Math.min(one.top, other.top);
  if (-gap > 0.7 * lower.height) return shared >= (lower.height > 0.75 * both ? 0.75 : 0.5);
  if (gap > (both > 1.5 * height ? 0.1 * height : 0.25 * higher.height)) return false;
  return shared >= (-gap > 0.3 * lower.height ? 0.5 : 0.1);
}

function isPart(part, digit, height) {
  if (isBarOf(part, digit, height)) return true;
  const isLow = (part.top + part.bottom) / 2 > digit.top + 0.75 * digit.height;
  if (isLow && Math.max(part.height, part.width) < DOT * height) return false;
  const shared = -across(part, digit) / part.width;
  const near = part.height < DOT * height ? 0.25 : 0.1;
  return (shared >= 0.5 && down(part, digit) < near * height) || apart(part, digit) < 0.05 * height;
}

function isBarOf(bar, digit, height) {
  return (
    bar.height <= 0.5 * height &&
    bar.width >= 1.2 * bar.height &&
    bar.top + bar.bottom < 2 * digit.top + 0.6 * digit.height &&
    bar.right >= digit.right - 0.2 * digit.width &&
    across(bar, digit) < 0.15 * height &&
    down(bar, digit) < 0.2 * height
  );
}

function inRows(digits) {
  const rows = [];
  const centre = ({ box }) => box.left + box.right;
  for (const digit of [...digits].sort((one, other) => centre(one) - centre(other))) {
    const shared = rows.map((row) => {
      const { box } = row.at(-1);
      return -down(digit.box, box) / Math.min(digit.box.height, box.height);
    });
    const most = Math.max(...shared);
    if (most >= SAME_ROW) rows[shared.indexOf(most)].push(digit);
    else rows.push([digit]);
  }
  const level = (row) => row.reduce((sum, { box }) => sum + box.top + box.bottom, 0) / row.length;
  return rows.sort((one, other) => level(one) - level(other));
}

function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  return below + (place % 1) * (sorted[Math.ceil(place)] - below);
}
