// Which parts of a drawing make a digit: mnist_scratch/data/pictures/several.py in JavaScript, which
// gives the reasons for these numbers.

const TALL = 0.5;
const BROAD = 0.28;
const TOUCHING = 1.35;
const SAME_ROW = 0.4;
const DOT = 0.22;

// Boxes of parts -> digits in the order of reading: { members: numbers of parts, box, isWide }.
function findDigits(boxes) {
  const tallest = Math.max(...boxes.map((box) => box.height));
  const isLarge = (box) =>
    box.height >= TALL * tallest || Math.min(box.height, box.width) >= BROAD * tallest;
  const height = quantile(boxes.filter(isLarge).map((box) => box.height), 0.75);
  let digits = [];
  boxes.forEach((part, number) => {
    if (!isLarge(part)) return;
    let digit = { members: [number], box: part };
    for (;;) {
      const pieces = digits.filter((other) => areOne(digit.box, other.box, height));
      if (!pieces.length) break;
      digits = digits.filter((other) => !pieces.includes(other));
      digit = [digit, ...pieces].reduce(joined);
    }
    digits.push(digit);
  });
  const bodies = digits.map((digit) => digit.box);
  boxes.forEach((part, number) => {
    if (isLarge(part)) return;
    const distances = bodies.map((body) => (isPart(part, body, height) ? apart(part, body) : Infinity));
    const nearest = Math.min(...distances);
    if (nearest === Infinity) return;
    const place = distances.indexOf(nearest);
    digits[place] = joined(digits[place], { members: [number], box: part });
  });
  return inRows(digits).flatMap((row) => {
    const usual = quantile(row.map((digit) => digit.box.height), 0.5);
    return row.map((digit) => {
      const isWide = digit.box.width > TOUCHING * Math.max(usual, digit.box.height);
      return { ...digit, isWide };
    });
  });
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
  const [low, high] = one.height <= other.height ? [one, other] : [other, one];
  if (isBarOf(low, high, height)) return true;
  const shared = -across(one, other) / Math.min(one.width, other.width);
  const gap = down(one, other);
  if (-gap >= 0.7 * Math.min(one.height, other.height)) return shared >= 0.75;
  const both = Math.max(one.bottom, other.bottom) - Math.min(one.top, other.top);
  return shared >= 0.5 && gap < 0.25 * height && both < 1.5 * height;
}

function isPart(part, digit, height) {
  if (isBarOf(part, digit, height)) return true;
  const isLow = (part.top + part.bottom) / 2 > digit.top + 0.75 * digit.height;
  if (isLow && Math.max(part.height, part.width) < DOT * height) return false;
  const shared = -across(part, digit) / part.width;
  return (shared >= 0.5 && down(part, digit) < 0.25 * height) || apart(part, digit) < 0.05 * height;
}

function isBarOf(bar, digit, height) {
  return (
    bar.height <= 0.35 * height &&
    bar.width >= 1.3 * bar.height &&
    bar.top + bar.bottom < 2 * digit.top + 0.6 * digit.height &&
    bar.right >= digit.right - 0.2 * digit.width &&
    across(bar, digit) < 0.1 * height &&
    down(bar, digit) < 0.2 * height
  );
}

function inRows(digits) {
  const found = [];
  const middle = ({ box }) => box.left + box.right;
  for (const digit of [...digits].sort((one, other) => middle(one) - middle(other))) {
    const shared = found.map((row) => {
      const { box } = row.at(-1);
      return -down(digit.box, box) / Math.min(digit.box.height, box.height);
    });
    const most = Math.max(...shared);
    if (most >= SAME_ROW) found[shared.indexOf(most)].push(digit);
    else found.push([digit]);
  }
  const middleOf = (row) =>
    row.reduce((sum, { box }) => sum + box.top + box.bottom, 0) / row.length;
  return found.sort((one, other) => middleOf(one) - middleOf(other));
}

function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  return below + (place % 1) * (sorted[Math.ceil(place)] - below);
}
