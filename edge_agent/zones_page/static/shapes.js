// Shapes over the picture: drawing them, and taking what the pointer does to them.
// Points are fractions 0-1 of the picture; the canvas is WIDTH units wide.
export const WIDTH = 1000;
const NS = "http://www.w3.org/2000/svg";
const CLOSE_PX = 14;

export const pointsOf = (list, row) => (list === "zones" ? row.polygon : list === "lines" ? row.line : row);
export const round = (value) => Math.round(Math.min(1, Math.max(0, value)) * 10000) / 10000;

export function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

export class Canvas {
  // store: {drawing, selected, tool, draft}; changed(): after every change of the drawing
  constructor(svg, store, { changed, selected, finished }) {
    Object.assign(this, { svg, store, changed, onSelect: selected, finished, height: 562, drag: null, vertex: null, hover: null });
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    svg.addEventListener("pointerup", () => { this.drag = null; });
    svg.addEventListener("dblclick", () => this.finish());
  }

  resize([wide, tall]) {
    this.height = (WIDTH * tall) / wide;
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${this.height}`);
    this.svg.parentElement.style.aspectRatio = `${wide} / ${tall}`;
    this.svg.parentElement.style.maxWidth = `calc((100vh - 190px) * ${wide / tall})`;
  }

  at([x, y]) { return [x * WIDTH, y * this.height]; }
  path(points) { return points.map((point) => this.at(point).map((v) => v.toFixed(1)).join(",")).join(" "); }
  point(event) {
    const box = this.svg.getBoundingClientRect();
    return [round((event.clientX - box.left) / box.width), round((event.clientY - box.top) / box.height)];
  }
  near(a, b) {
    const box = this.svg.getBoundingClientRect();
    return Math.hypot((a[0] - b[0]) * box.width, (a[1] - b[1]) * box.height) < CLOSE_PX;
  }

  down(event) {
    const { store } = this;
    this.svg.focus({ preventScroll: true });
    if (event.button !== 0) return;
    if (store.tool) return this.addPoint(this.point(event));
    const { list, index, vertex, mid } = event.target.dataset;
    this.vertex = null;
    if (list === undefined) return this.onSelect(null);
    this.svg.setPointerCapture(event.pointerId);
    const points = pointsOf(list, store.drawing[list][+index]);
    if (mid !== undefined) {
      points.splice(+mid + 1, 0, this.point(event));
      this.vertex = +mid + 1;
      this.changed();
    } else if (vertex !== undefined) this.vertex = +vertex;
    this.onSelect({ list, index: +index });
    this.drag = { points, last: this.point(event) };
  }

  addPoint(point) {
    const { store } = this, draft = store.draft;
    if (store.tool !== "lines" && draft.length >= 3 && this.near(point, draft[0])) return this.finish();
    if (!draft.length || !this.near(point, draft[draft.length - 1])) draft.push(point);
    if (store.tool === "lines" && draft.length === 2) return this.finish();
    this.draw();
  }

  finish() {
    const { store } = this;
    if (store.tool && store.draft.length >= (store.tool === "lines" ? 2 : 3)) this.finished(store.tool, store.draft);
  }

  move(event) {
    const here = this.point(event);
    if (this.store.tool) { this.hover = here; return this.drawDraft(); }
    if (!this.drag) return;
    const { points, last } = this.drag;
    if (this.vertex !== null) points[this.vertex] = here;
    else {
      const by = [0, 1].map((axis) => {
        const values = points.map((p) => p[axis]), step = here[axis] - last[axis];
        return Math.max(-Math.min(...values), Math.min(1 - Math.max(...values), step));
      });
      points.forEach((p, i) => { points[i] = [round(p[0] + by[0]), round(p[1] + by[1])]; });
    }
    this.drag.last = here;
    this.changed();
  }

  removeVertex() {
    const { store } = this, chosen = store.selected;
    if (!chosen || this.vertex === null || chosen.list === "lines") return;
    const points = pointsOf(chosen.list, store.drawing[chosen.list][chosen.index]);
    if (points.length <= 3) return;
    points.splice(this.vertex, 1);
    this.vertex = null;
    this.changed();
  }

  draw() {
    const layer = this.svg.querySelector("#shapes"), { store } = this;
    layer.replaceChildren();
    if (store.showShapes) for (const list of ["privacy", "zones", "lines"]) store.drawing[list].forEach((row, index) => this.shape(layer, list, row, index));
    this.svg.classList.toggle("drawing", Boolean(store.tool));
    this.drawDraft();
  }

  shape(layer, list, row, index) {
    const points = pointsOf(list, row), chosen = store_is(this.store.selected, list, index);
    const kind = list === "lines" ? "polyline" : "polygon", data = { "data-list": list, "data-index": index };
    layer.append(element(kind, { points: this.path(points), class: `shape ${list} ${chosen ? "selected" : ""}`, ...data }));
    if (list === "lines") {
      layer.append(element("polyline", { points: this.path(points), class: "grab", ...data }));
      this.sides(layer, row);
    }
    if (list !== "privacy") {
      const [x, y] = this.at(points.reduce((low, p) => (p[1] < low[1] ? p : low)));
      layer.append(element("text", { x: x + 6, y: Math.max(24, y - 10), class: "label", "font-size": 20 }, row.title || row.name));
    }
    if (chosen && !this.store.tool) this.handles(layer, list, points, data);
  }

  // Side A is on the left as one goes from the first point to the second in the picture.
  sides(layer, row) {
    const [a, b] = row.line.map((point) => this.at(point));
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const left = [(b[1] - a[1]) / length, -(b[0] - a[0]) / length], middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const place = (far) => [middle[0] + left[0] * far, middle[1] + left[1] * far];
    const [from, to] = row.direction === "b_to_a" ? [-34, 34] : [34, -34], way = [place(from), place(to)];
    const ends = row.direction === "a_to_b" || row.direction === "b_to_a" ? { "marker-end": "url(#arrow)" } : { "marker-end": "url(#arrow)", "marker-start": "url(#arrow)" };
    layer.append(element("polyline", { points: way.map((p) => p.join(",")).join(" "), class: "way", ...ends }));
    for (const [name, far] of [["A", 56], ["B", -56]]) {
      const [x, y] = place(far);
      layer.append(element("text", { x, y: y + 7, class: "side", "font-size": 20, "text-anchor": "middle" }, name));
    }
  }

  handles(layer, list, points, data) {
    const next = (i) => points[(i + 1) % points.length];
    if (list !== "lines") points.forEach((p, i) => {
      const [x, y] = this.at([(p[0] + next(i)[0]) / 2, (p[1] + next(i)[1]) / 2]);
      layer.append(element("circle", { cx: x, cy: y, r: 5, class: "handle mid", "data-mid": i, ...data }));
    });
    points.forEach((p, i) => {
      const [x, y] = this.at(p);
      layer.append(element("circle", { cx: x, cy: y, r: 8, class: `handle ${this.vertex === i ? "chosen" : ""}`, "data-vertex": i, ...data }));
    });
  }

  drawDraft() {
    const layer = this.svg.querySelector("#draft"), { draft, tool } = this.store;
    layer.replaceChildren();
    if (!tool || !draft.length) return;
    layer.append(element("polyline", { points: this.path(this.hover ? [...draft, this.hover] : draft), class: "trace" }));
    draft.forEach((p, i) => { const [x, y] = this.at(p); layer.append(element("circle", { cx: x, cy: y, r: i ? 5 : 9, class: "handle" })); });
  }

  drawLive(view, grid, show) {
    const motion = this.svg.querySelector("#motion"), tracks = this.svg.querySelector("#tracks");
    motion.replaceChildren(); tracks.replaceChildren();
    const [columns, rows] = grid, wide = WIDTH / columns, tall = this.height / rows;
    if (show.motion) for (const [c, r] of view.motion) motion.append(element("rect", { x: c * wide, y: r * tall, width: wide, height: tall, class: "cell" }));
    if (show.tracks) for (const track of view.tracks) {
      const [x, y] = this.at(track.box.slice(0, 2)), [x2, y2] = this.at(track.box.slice(2));
      tracks.append(element("rect", { x, y, width: x2 - x, height: y2 - y, rx: 3, class: "track" }));
      tracks.append(element("circle", { cx: (x + x2) / 2, cy: y2, r: 4, class: "foot" }));
      tracks.append(element("text", { x: x + 3, y: y2 + 18, class: "tag", "font-size": 15 }, `${show.say(track.label)}${track.id >= 0 ? ` ${track.id}` : ""}`));
    }
  }
}

const store_is = (selected, list, index) => selected && selected.list === list && selected.index === index;
