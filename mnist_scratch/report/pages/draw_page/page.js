// The page: strokes in, answers out.

const STEP = 1 / 40;  // of the pen that the keyboard moves, and a quarter of it with Shift
const SHARPEST = 2;  // pixels of the canvas for one of the page; more costs time and shows nothing
const MOST_ROWS = 10;

const byId = (id) => document.getElementById(id);
const model = readModel(byId("model").textContent);
// Of the field, to look at: the network sees each digit drawn anew, if it does not see the field.
const PEN = model.resized ? FIELD_PEN : 0.045;
const field = byId("field");
const paper = field.getContext("2d");
const buttons = { undo: byId("undo"), clear: byId("clear") };
const rows = Array.from({ length: Math.min(model.names.length, MOST_ROWS) }, addRow);
if (model.names.length > MOST_ROWS) {
  byId("probabilities").caption.textContent =
    `Probability of the ${MOST_ROWS} likeliest of ${model.names.length} classes`;
}
// Digits and letters are written beside each other; of anything else there is one.
const areWritten = !model.resized && model.names.every((name) => /^[0-9a-z]$/i.test(name));

let strokes = [];
const past = [];  // what `strokes` was before each change
let pointer = null;  // whose pointer is drawing
let pen = [0.5, 0.25];  // the keyboard's
let penIsShown = false;
let penIsDown = false;
let readings = null;  // of each digit that is drawn
let frame = 0;

function addRow() {
  const row = document.querySelector("#probabilities tbody").insertRow();
  const name = document.createElement("th");
  name.scope = "row";
  const bar = document.createElement("div");
  bar.className = "bar";
  row.append(name);
  row.insertCell().append(bar);
  return { row, name, bar, share: row.insertCell() };
}

function change(following) {
  past.push(strokes);
  strokes = following;
  show();
}

function show() {
  frame ||= requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  readings = read(strokes);
  const size = field.width;
  paper.clearRect(0, 0, size, size);
  const { color, outlineColor } = getComputedStyle(field);
  paper.strokeStyle = paper.fillStyle = color;
  ink(paper, strokes, PEN * size, size);
  paper.strokeStyle = outlineColor;
  paper.lineWidth = size / 200;
  if (areFramed()) {
    for (const { frame } of readings) {
      const { left, top, width, height } = frame;
      paper.strokeRect(left * size, top * size, width * size, height * size);
    }
  }
  if (penIsShown) markPen(size);
  byId("invitation").hidden = strokes.length > 0;
  buttons.undo.setAttribute("aria-disabled", past.length === 0);
  buttons.clear.setAttribute("aria-disabled", strokes.length === 0);
  showAnswers();
}

// Strokes -> each digit among them: { strokes, frame, mayBeTwo, image, probabilities, best }.
function read(strokes) {
  if (isDot(strokes)) return [];
  if (!areWritten) return [readDigit({ strokes })];
  const digits = digitsAmong(strokes);
  const areDigits = digits.every((each) => isWritten(redrawn(each.strokes, THIN_LINE), SIDE));
  return areDigits && havePlaces(digits) ? digits.map(readDigit) : [];
}

function readDigit(digit) {
  const { strokes } = digit;
  const image = model.resized ? shrunk(wholeField(strokes)) : prepare(redrawn(strokes), SIDE);
  const probabilities = predict(model, image);
  return {
    strokes,
    frame: boxOf(strokes, 2 * PEN),
    mayBeTwo: areWritten && mayBeTwo(digit, image),
    image,
    probabilities,
    best: probabilities.indexOf(Math.max(...probabilities)),
  };
}

function areLeftOut() {
  return readings.length > 0 && readings.flatMap((each) => each.strokes).length < strokes.length;
}

function areFramed() {
  return readings.length > 1 || areLeftOut();
}

function percent(probability, places) {
  return `${(100 * probability).toFixed(places)}%`;
}

function showAnswers() {
  const names = readings.map(({ best }) => model.names[best]).join("");
  byId("answer").textContent = names;
  byId("answer").classList.toggle("word", names.length > 1);
  const [{ image, probabilities, best } = {}] = readings;
  const figures = readings.length > 1 ? readings.map(figureOf) : [figureOf({ image })];
  byId("images").replaceChildren(...figures);
  byId("probabilities").hidden = readings.length > 1;
  const order = [...model.names.keys()];
  if (order.length > rows.length && probabilities) {
    order.sort((one, other) => probabilities[other] - probabilities[one]);
  }
  rows.forEach(({ row, name, bar, share }, place) => {
    const number = order[place];
    name.textContent = name.title = model.names[number];
    row.classList.toggle("best", number === best);
    row.hidden = order.length > rows.length && !probabilities;
    bar.style.width = probabilities ? percent(probabilities[number], 3) : "0";
    share.textContent = probabilities ? percent(probabilities[number], 1) : "";
  });
}

// What the network sees of a digit, and its answer, or what this picture is.
function figureOf({ image, probabilities, best }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = FIELD;
  canvas.role = "img";
  canvas.ariaLabel = "The drawing as the network sees it";
  const seen = new ImageData(FIELD, FIELD);
  for (let place = 0; place < FIELD * FIELD; place++) {
    seen.data.fill(image ? image[place] : 0, 4 * place, 4 * place + 3);
    seen.data[4 * place + 3] = 255;
  }
  canvas.getContext("2d").putImageData(seen, 0, 0);
  const caption = document.createElement("figcaption");
  caption.textContent = probabilities
    ? `${model.names[best]} ${percent(probabilities[best], 0)}`
    : "as the network sees it, 28 x 28";
  const figure = document.createElement("figure");
  figure.append(canvas, caption);
  return figure;
}

// Between strokes, not during one: a screen reader would never stop talking, and the parts of a digit
// look like several digits until the last of them is there.
function say() {
  const answers = readings.map(
    ({ best, probabilities }) => `${model.names[best]}, ${percent(probabilities[best], 0)}`
  );
  const answer = strokes.length ? answers.join("; ") : "Nothing drawn";
  byId("hint").textContent = advice();
  byId("said").textContent = [answer, advice()].filter(Boolean).join(". ");
}

function advice() {
  if (!strokes.length) return "";
  if (isDot(strokes)) return "This is a dot: draw larger.";
  if (!readings.length) {
    return havePlaces(digitsAmong(strokes))
      ? "This is no digit: draw it with a few clear lines."
      : "This is no row of digits: draw them apart.";
  }
  if (areLeftOut()) return "What is outside the frames is not read.";
  const number = readings.findIndex((each) => each.mayBeTwo) + 1;
  if (!number) return "";
  const which = readings.length > 1 ? `Digit ${number} of ${readings.length}` : "This";
  return `${which} may be two that touch: leave a gap.`;
}

function markPen(size) {
  paper.globalAlpha = penIsDown ? 0.9 : 0.5;
  paper.beginPath();
  paper.arc(pen[0] * size, pen[1] * size, PEN * size, 0, 2 * Math.PI);
  paper.stroke();
  paper.globalAlpha = 1;
}

// Where a pointer is; at the edge of the field, if it is beyond.
function place(event) {
  const box = field.getBoundingClientRect();
  return [
    (event.clientX - box.left - field.clientLeft) / field.clientWidth,
    (event.clientY - box.top - field.clientTop) / field.clientHeight,
  ].map((length) => Math.max(0, Math.min(1, length)));
}

function settle() {
  penIsDown = false;
  show();
  requestAnimationFrame(say);
}

function undo() {
  if (past.length === 0) return;
  strokes = past.pop();
  settle();
}

function clear() {
  if (strokes.length === 0) return;
  change([]);
  settle();
}

field.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  pointer = event.pointerId;
  penIsShown = penIsDown = false;
  field.setPointerCapture(pointer);
  change([...strokes, [place(event)]]);
});

field.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const passed = event.getCoalescedEvents?.() ?? [];
  strokes.at(-1).push(...(passed.length ? passed : [event]).map(place));
  show();
});

// After the pointer was lifted, was cancelled or went elsewhere.
field.addEventListener("lostpointercapture", () => {
  pointer = null;
  settle();
});

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

field.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || pointer !== null) return;
  const move = MOVES[event.key];
  if (!move && event.key !== " ") return;
  event.preventDefault();
  penIsShown = true;
  if (move) {
    const step = event.shiftKey ? STEP / 4 : STEP;
    pen = pen.map((length, axis) => Math.max(0, Math.min(1, length + step * move[axis])));
    if (penIsDown) strokes.at(-1).push(pen);
    show();
  } else if (penIsDown) {
    settle();
  } else if (!event.repeat) {
    penIsDown = true;
    change([...strokes, [pen]]);
  }
});

field.addEventListener("focus", () => {
  penIsShown = field.matches(":focus-visible");
  show();
});

field.addEventListener("blur", () => {
  penIsShown = false;
  if (penIsDown) settle();
  else show();
});

document.addEventListener("keydown", (event) => {
  if (pointer !== null) return;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
    event.preventDefault();
    undo();
  } else if (event.key === "Backspace" || event.key === "Delete") {
    clear();
  }
});

buttons.undo.addEventListener("click", undo);
buttons.clear.addEventListener("click", clear);
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(query).addEventListener("change", show);
}

new ResizeObserver(() => {
  const ratio = Math.min(window.devicePixelRatio || 1, SHARPEST);
  field.width = field.height = Math.max(1, Math.round(field.clientWidth * ratio));
  show();
}).observe(field);
