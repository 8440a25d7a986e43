// The page: what is drawn, what is seen, and saving.
import { Canvas } from "./shapes.js";
import { Panel, said } from "./panel.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const store = { drawing: { zones: [], lines: [], privacy: [] }, kinds: [], problems: [], selected: null, tool: null, draft: [], showShapes: true, lang: "zh" };
let note = () => "", saved = "", mark = "", grid = [32, 18], view = { number: 0, tracks: [], motion: [] };
const say = (word) => WORDS[store.lang][word] ?? word;

const select = (chosen) => { store.selected = chosen; canvas.draw(); panel.draw(); };
const changed = () => { canvas.draw(); showState(); };
const canvas = new Canvas($("canvas"), store, { changed, selected: select, finished: addShape });
const panel = new Panel($("cards"), store, say, { changed, selected: select, removed: removeShape });

function addShape(list, points) {
  const taken = new Set([...store.drawing.zones, ...store.drawing.lines].map((row) => row.name));
  let number = store.drawing[list].length + 1, stem = list === "lines" ? "line" : "zone";
  while (taken.has(`${stem}-${number}`)) number += 1;
  const name = `${stem}-${number}`;
  const row = { zones: { name, polygon: points, behaviours: [{ type: "intrusion", dwell: "5s" }] }, lines: { name, line: points }, privacy: points }[list];
  store.drawing[list].push(row);
  choose(null);
  store.selected = { list, index: store.drawing[list].length - 1 };
  changed(); panel.draw();
}

function removeShape(list, index) {
  store.drawing[list].splice(index, 1);
  store.problems = [];
  store.selected = null;
  changed(); panel.draw();
}

function choose(tool) {
  store.tool = tool; store.draft = []; canvas.hover = null;
  if (tool) { store.selected = null; panel.draw(); }
  for (const list of ["zones", "lines", "privacy"]) $(`add-${list}`).classList.toggle("on", tool === list);
  $("hint").textContent = say(tool ? (tool === "lines" ? "hintLine" : "hintZone") : "hintIdle");
  canvas.draw();
}

function showState() {
  const dirty = JSON.stringify(store.drawing) !== saved;
  $("state").textContent = say(dirty ? "dirty" : "clean");
  $("state").classList.toggle("dirty", dirty);
  $("save").disabled = $("revert").disabled = !dirty;
}

// text: gives it in the language that is shown, which may change while it stands there.
function message(text, bad) {
  note = text;
  $("message").hidden = !text();
  $("message").textContent = text();
  $("message").classList.toggle("bad", Boolean(bad));
}

function take(drawing, newMark) {
  store.drawing = drawing; store.problems = []; store.selected = null;
  mark = newMark; saved = JSON.stringify(drawing);
  canvas.draw(); panel.draw(); showState();
}

const told = (p) => said({ ...p, rest: p.field }, store.lang, say);

async function load() {
  const answer = await fetch("api/drawing");
  const body = await answer.json();
  if (!answer.ok) { store.lang = localStorage.getItem("linli-lang") ?? body.lang; return message(() => body.problems.map(told).join("\n"), true); }
  grid = body.grid; store.kinds = body.kinds;
  store.lang = localStorage.getItem("linli-lang") ?? body.lang;
  $("camera").textContent = body.camera; $("file").textContent = body.file;
  speak(); take(body.drawing, body.mark);
}

async function save() {
  $("save").disabled = true;
  const answer = await fetch("api/drawing", { method: "PUT", headers: { "X-Linli-Zones": "1", "Content-Type": "application/json" }, body: JSON.stringify({ mark, drawing: store.drawing }) });
  const body = await answer.json().catch(() => ({ code: "gone" }));
  if (answer.ok) { take(body.drawing, body.mark); return message(() => say("saved") + body.backup); }
  store.problems = body.problems ?? [];
  const elsewhere = store.problems.filter((p) => !/(zones|lines|privacy)\[\d+\]/.test(p.field));
  message(() => say(body.code ?? "gone") + (body.detail ?? "") + elsewhere.map((p) => `\n${told(p)}`).join(""), true);
  openFirstProblem();
  panel.draw(); showState();
}

function openFirstProblem() {
  const match = store.problems.map((p) => p.field.match(/(zones|lines|privacy)\[(\d+)\]/)).find(Boolean);
  if (match) store.selected = { list: match[1], index: +match[2] };
  canvas.draw();
}

function speak() {
  document.documentElement.lang = store.lang === "zh" ? "zh-CN" : "en";
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = say(one.dataset.word);
  $("lang").textContent = say("other");
  $("message").textContent = note();
  choose(store.tool); panel.draw(); showState(); showPicture();
}

function showPicture() {
  if (view.jpeg) $("image").src = `data:image/jpeg;base64,${view.jpeg}`;
  else $("image").removeAttribute("src");
  $("live").classList.toggle("on", Boolean(view.jpeg));
  $("no-picture").hidden = Boolean(view.jpeg);
  const cause = document.createElement("b");
  cause.textContent = view.fault ? say("noPicture") : say(view.gone ? "gone" : "waiting");
  $("no-picture").replaceChildren(cause, view.fault ? view.fault[store.lang] : "");
  canvas.drawLive(view, grid, { tracks: $("show-tracks").checked, motion: $("show-motion").checked, say });
}

async function look() {
  for (;;) {
    try {
      const answer = await fetch(`api/view?after=${view.number}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const next = await answer.json();
      if (next.number !== view.number) { view = next; canvas.resize(view.size); canvas.draw(); }
    } catch {
      view = { number: 0, tracks: [], motion: [], gone: true };
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    showPicture();
  }
}

for (const list of ["zones", "lines", "privacy"]) $(`add-${list}`).onclick = () => choose(store.tool === list ? null : list);
$("save").onclick = save;
$("revert").onclick = () => { message(() => ""); take(JSON.parse(saved), mark); };
$("lang").onclick = () => { store.lang = store.lang === "zh" ? "en" : "zh"; localStorage.setItem("linli-lang", store.lang); speak(); };
for (const id of ["show-tracks", "show-motion"]) $(id).onchange = showPicture;
$("show-shapes").onchange = (event) => { store.showShapes = event.target.checked; canvas.draw(); };
addEventListener("keydown", (event) => {
  if (event.target.matches("input, select")) return;
  if (event.key === "Escape") choose(null);
  else if (event.key === "Enter") canvas.finish();
  else if (event.key === "Backspace" && store.tool) { store.draft.pop(); canvas.draw(); }
  else if (event.key === "Delete" || event.key === "Backspace") canvas.removeVertex();
});
addEventListener("beforeunload", (event) => { if (!$("save").disabled) event.preventDefault(); });

await load();
look();
