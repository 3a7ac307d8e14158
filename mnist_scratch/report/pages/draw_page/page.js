// The page: strokes in, probabilities out. A stroke is a list of points [x, y], 0 to 1 across the
// field, so that a drawing is the same at every size.

const PEN = 0.075;  // of the field: what MNIST's pen is of a digit that fills most of it
const STEP = 1 / 40;  // of the pen that the keyboard moves, and a quarter of it with Shift
const SHARPEST = 2;  // pixels of the canvas for one of the page; more costs time and shows nothing

const model = readModel(document.getElementById("model").textContent);
const field = document.getElementById("field");
const ink = field.getContext("2d", { willReadFrequently: true });
const seen = document.getElementById("image").getContext("2d");
const digit = document.getElementById("digit");
const hint = document.getElementById("hint");
const said = document.getElementById("said");
const buttons = { undo: document.getElementById("undo"), clear: document.getElementById("clear") };
const rows = model.names.map(addRow);
const readsDigits = model.names.every((name) => name.length === 1);
digit.classList.toggle("word", !readsDigits);

let strokes = [];
const past = [];  // what `strokes` was before each change
let pointer = null;  // whose pointer is drawing
let pen = null;  // the keyboard's, once it is used
let penIsDown = false;
let reading = null;  // what was recognised last
let frame = 0;

function addRow(title) {
  const row = document.querySelector("#probabilities tbody").insertRow();
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = title;
  const bar = document.createElement("div");
  bar.className = "bar";
  row.append(name);
  row.insertCell().append(bar);
  return { row, bar, percent: row.insertCell() };
}

function change(following) {
  past.push(strokes);
  strokes = following;
  show();
}

function show() {
  if (!frame) frame = requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  const size = field.width;
  ink.clearRect(0, 0, size, size);
  ink.lineCap = ink.lineJoin = "round";
  ink.lineWidth = PEN * size;
  ink.strokeStyle = getComputedStyle(field).getPropertyValue("--ink");
  for (const points of strokes) {
    ink.beginPath();
    ink.moveTo(points[0][0] * size, points[0][1] * size);
    for (const [x, y] of points) ink.lineTo(x * size, y * size);
    ink.stroke();
  }
  reading = recognise();
  if (pen) markPen(size);
  buttons.undo.disabled = past.length === 0;
  buttons.clear.disabled = strokes.length === 0;
}

// Classify what is on the canvas and show the result. Opacity is ink, whatever the colours are.
function recognise() {
  const { width, height } = field;
  const pixels = ink.getImageData(0, 0, width, height).data;
  const opacity = new Uint8Array(width * height);
  for (let place = 0; place < opacity.length; place++) opacity[place] = pixels[4 * place + 3];
  const image = prepare(opacity, height, width);
  const probabilities = image ? predict(model, image) : null;
  const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : null;
  digit.textContent = best === null ? "" : model.names[best];
  rows.forEach(({ row, bar, percent }, number) => {
    const probability = probabilities ? probabilities[number] : 0;
    row.classList.toggle("best", number === best);
    bar.style.width = `${100 * probability}%`;
    percent.textContent = probabilities ? `${(100 * probability).toFixed(1)}%` : "";
  });
  const shown = seen.createImageData(FIELD, FIELD);
  for (let place = 0; place < FIELD * FIELD; place++) {
    shown.data.fill(image ? image[place] : 0, 4 * place, 4 * place + 3);
    shown.data[4 * place + 3] = 255;
  }
  seen.putImageData(shown, 0, 0);
  return { opacity, image, probabilities, best };
}

// Between strokes, not during one: a screen reader would never stop talking, and the parts of a digit
// look like several digits until the last of them is there.
function say() {
  const { opacity, best, probabilities } = reading;
  const several = readsDigits && areSeveral(opacity, field.height, field.width);
  hint.textContent = several ? "More than one digit? Draw one at a time." : "";
  const answer =
    best === null ? "Nothing drawn" : `${model.names[best]}, ${(100 * probabilities[best]).toFixed(0)} percent`;
  said.textContent = [answer, hint.textContent].filter(Boolean).join(". ");
}

function markPen(size) {
  ink.save();
  ink.globalAlpha = penIsDown ? 0.9 : 0.5;
  ink.strokeStyle = getComputedStyle(field).getPropertyValue("--best");
  ink.lineWidth = size / 100;
  ink.beginPath();
  ink.arc(pen[0] * size, pen[1] * size, 0.6 * PEN * size, 0, 2 * Math.PI);
  ink.stroke();
  ink.restore();
}

function place(event) {
  const box = field.getBoundingClientRect();
  const edge = field.clientLeft;
  return [
    (event.clientX - box.left - edge) / field.clientWidth,
    (event.clientY - box.top - edge) / field.clientHeight,
  ];
}

function undo() {
  if (past.length === 0) return;
  strokes = past.pop();
  penIsDown = false;
  show();
  requestAnimationFrame(say);
}

function clear() {
  if (strokes.length === 0) return;
  penIsDown = false;
  change([]);
  requestAnimationFrame(say);
}

field.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  pointer = event.pointerId;
  pen = null;
  penIsDown = false;
  field.setPointerCapture(pointer);
  change([...strokes, [place(event)]]);
});

field.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const passed = event.getCoalescedEvents?.() ?? [];
  strokes.at(-1).push(...(passed.length ? passed : [event]).map(place));
  show();
});

for (const name of ["pointerup", "pointercancel"]) {
  field.addEventListener(name, (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    show();
    requestAnimationFrame(say);
  });
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

field.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || pointer !== null) return;
  const move = MOVES[event.key];
  if (!move && event.key !== " ") return;
  event.preventDefault();
  pen ??= [0.5, 0.25];
  if (move) {
    const step = event.shiftKey ? STEP / 4 : STEP;
    pen = pen.map((value, axis) => Math.max(0, Math.min(1, value + step * move[axis])));
    if (penIsDown) strokes.at(-1).push(pen);
    show();
    return;
  }
  penIsDown = !penIsDown;
  if (penIsDown) {
    change([...strokes, [pen]]);
  } else {
    show();
    requestAnimationFrame(say);
  }
});

field.addEventListener("blur", () => {
  pen = null;
  penIsDown = false;
  show();
});

document.addEventListener("keydown", (event) => {
  if (pointer !== null) return;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
    event.preventDefault();
    undo();
  } else if (event.key === "Delete") {
    clear();
  }
});

buttons.undo.addEventListener("click", undo);
buttons.clear.addEventListener("click", clear);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

new ResizeObserver(() => {
  const ratio = Math.min(window.devicePixelRatio || 1, SHARPEST);
  field.width = field.height = Math.max(1, Math.round(field.clientWidth * ratio));
  show();
}).observe(field);
