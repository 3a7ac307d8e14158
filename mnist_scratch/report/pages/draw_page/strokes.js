// Strokes: lists of points [x, y], 0 to 1 across the field, so that a drawing is the same at every
// size. Which of them make a digit, and a digit drawn anew, as large as every other.

const SMALLEST = 0.03;  // of the field: what is smaller is a dot
const SIDE = 120;  // pixels of the canvas on which a digit is redrawn
const LENGTH = 100;  // of them, for the longer side of its ink
const LINE = 12;  // the pen there: 2.4 pixels of 20, as MNIST's
const THIN_LINE = 5;  // where a scribble is told by the length of its lines
const FINE = 4;  // pixels of the canvas of the whole field for one that the network sees
const FIELD_PEN = 2.4 / FIELD;  // of the field, where the network sees all of it
const NEAR = 0.12;  // of the tallest stroke: strokes no further apart touch once they are redrawn

const canvas = (side) =>
  new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
const sheet = canvas(SIDE);
const fieldSheet = canvas(FINE * FIELD);

// Draw strokes, moved by -left and -top and then enlarged.
function ink(context, strokes, pen, scale, left = 0, top = 0) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = pen;
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [(x - left) * scale, (y - top) * scale]);
    context.beginPath();
    points.forEach((point) => context.lineTo(...point));
    context.stroke();
    if (stroke.some(([x, y]) => x !== stroke[0][0] || y !== stroke[0][1])) continue;
    context.beginPath();  // a dot: not every browser draws a line of no length
    context.arc(...points[0], pen / 2, 0, 2 * Math.PI);
    context.fill();
  }
}

// Strokes -> opacities, 0 to 255, of them alone, always as large and with as thick a pen.
function redrawn(strokes, line = LINE) {
  const { left, top, width, height } = boxOf(strokes);
  const scale = (LENGTH - line) / Math.max(width, height);
  const margin = SIDE / 2 / scale;
  sheet.clearRect(0, 0, SIDE, SIDE);
  ink(sheet, strokes, line, scale, left + width / 2 - margin, top + height / 2 - margin);
  return opacities(sheet);
}

// Strokes -> opacities of the whole field, FINE pixels for each that the network sees.
function wholeField(strokes) {
  const side = FINE * FIELD;
  fieldSheet.clearRect(0, 0, side, side);
  ink(fieldSheet, strokes, FIELD_PEN * side, side);
  return opacities(fieldSheet);
}

// Opacities of the whole field -> 28 x 28 grey levels, the means of FINE x FINE.
function shrunk(opacity) {
  const sums = new Array(FIELD * FIELD).fill(0);
  opacity.forEach((value, place) => {
    const [row, column] = [Math.floor(place / (FINE * FIELD)), place % (FINE * FIELD)];
    sums[Math.floor(row / FINE) * FIELD + Math.floor(column / FINE)] += value;
  });
  return Uint8Array.from(sums, (sum) => Math.round(sum / FINE ** 2));
}

function opacities(context) {
  const { data, width, height } = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
  const opacity = new Uint8Array(width * height);
  for (let place = 0; place < opacity.length; place++) opacity[place] = data[4 * place + 3];
  return opacity;
}

function boxOf(strokes, pen = 0) {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of strokes.flat()) {
    [left, right] = [Math.min(left, x - pen / 2), Math.max(right, x + pen / 2)];
    [top, bottom] = [Math.min(top, y - pen / 2), Math.max(bottom, y + pen / 2)];
  }
  return { left, right, top, bottom, width: right - left, height: bottom - top };
}

function isDot(strokes) {
  const { width, height } = boxOf(strokes);
  return Math.max(width, height) < SMALLEST;
}

// Strokes -> the digits among them, as digits.js finds them, each with its `strokes`.
function digitsAmong(strokes) {
  const tallest = Math.max(...strokes.map((stroke) => boxOf([stroke]).height));
  const reach = Math.max(NEAR * tallest, SMALLEST / 4);
  let parts = [];
  for (const stroke of strokes) {
    const points = trail(stroke, reach / 2);
    const isNear = (part) =>
      part.points.some(([x, y]) => points.some(([a, b]) => Math.hypot(x - a, y - b) <= reach));
    const touched = parts.filter(isNear);
    parts = parts.filter((part) => !touched.includes(part));
    parts.push({
      strokes: [...touched.flatMap((part) => part.strokes), stroke],
      points: [...touched.flatMap((part) => part.points), ...points],
    });
  }
  return findDigits(parts.map((part) => boxOf(part.strokes, reach))).map((digit) => ({
    ...digit,
    strokes: digit.members.flatMap((number) => parts[number].strokes),
  }));
}

// Points along a stroke, at most `step` apart.
function trail(stroke, step) {
  const points = [stroke[0]];
  stroke.slice(1).forEach(([x, y], number) => {
    const [left, top] = stroke[number];
    const steps = Math.ceil(Math.hypot(x - left, y - top) / step);
    for (let n = 1; n <= steps; n++) {
      points.push([left + ((x - left) * n) / steps, top + ((y - top) * n) / steps]);
    }
  });
  return points;
}
