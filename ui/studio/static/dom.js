// Small ways to build a page.

/** An element with attributes; functions become listeners, children follow. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const clock = (time_s) => `${Math.floor(time_s / 60)}:${(time_s % 60).toFixed(2).padStart(5, "0")}`;

const SHAPES = {
  play: "M5 3v14l12-7z",
  pause: "M5 3h4v14H5zM11 3h4v14h-4z",
  add: "M9 4h2v5h5v2h-5v5H9v-5H4V9h5z",
  remove: "M5.4 4 10 8.6 14.6 4 16 5.4 11.4 10l4.6 4.6-1.4 1.4-4.6-4.6L5.4 16 4 14.6 8.6 10 4 5.4z",
  undo: "M8 4 3 9l5 5v-3.2c4 0 6.2 1 8 4.2-.4-5-3-8-8-8z",
  redo: "M12 4l5 5-5 5v-3.2c-4 0-6.200 1-8 4.200.4-5 3-8 8-8z",
  zoom_in: "M8.500 2a6.500 6.500 0 1 0 4 11.600l4 4 1.400-1.400-4-4A6.500 6.500 0 0 0 8.500 2m0 2a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9M7.700 6h1.600v1.700H11v1.600H9.300V11H7.700V9.300H6V7.700h1.700z",
  zoom_out: "M8.500 2a6.500 6.500 0 1 0 4 11.600l4 4 1.400-1.400-4-4A6.500 6.500 0 0 0 8.500 2m0 2a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9M6 7.700h5v1.600H6z",
};

/** A picture for a button, which has its name in words besides. */
export const icon = (name) => draw("svg", { viewBox: "0 0 20 20", width: 16, height: 16, "aria-hidden": "true" },
  draw("path", { d: SHAPES[name], fill: "currentColor" }));
