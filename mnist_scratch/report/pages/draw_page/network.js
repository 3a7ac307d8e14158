// The network's forward pass: mnist_scratch/nn/network.py in JavaScript.

const ACTIVATIONS = {
  relu: (value) => Math.max(0, value),
  tanh: Math.tanh,
  sigmoid: (value) => (1 + Math.tanh(value / 2)) / 2,
};

function readModel(text) {
  const model = JSON.parse(text);
  const letters = atob(model.parameters);
  const view = new DataView(new ArrayBuffer(letters.length));
  for (let place = 0; place < letters.length; place++) view.setUint8(place, letters.charCodeAt(place));
  const parameters = new Float32Array(letters.length / 4);
  for (let place = 0; place < parameters.length; place++) {
    parameters[place] = view.getFloat32(4 * place, true);  // lowest byte first, on every machine
  }
  return { ...model, parameters };
}

// 784 grey levels, 0 to 255 -> the probability of each class.
function predict(model, image) {
  let values = Array.from(image, (grey) => (grey / 255 - model.mean) / model.std);
  let start = 0;
  for (const layer of model.layers) {
    if (layer.name in ACTIVATIONS) {
      values = values.map(ACTIVATIONS[layer.name]);
      continue;
    }
    if (layer.name !== "dense") throw new Error(`no such layer: ${layer.name}`);
    const biases = start + layer.inputs * layer.outputs;
    const end = biases + layer.outputs;
    const outputs = Array.from(model.parameters.subarray(biases, end));
    values.forEach((value, input) => {
      const row = start + input * layer.outputs;
      for (let output = 0; output < layer.outputs; output++) {
        outputs[output] += value * model.parameters[row + output];
      }
    });
    values = outputs;
    start = end;
  }
  return softmax(values);
}

function softmax(logits) {
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}
