// The cards beside the picture: one for each shape, with its fields and what is wrong with them.
const FIRST = new Set(["dwell", "hold", "count", "window", "labels"]);

function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Chinese stands beside Chinese without a space.
const beside = (one, other) => (/[\u3000-\u9fff]$/.test(one) && /^[\u3000-\u9fff]/.test(other) ? one + other : `${one} ${other}`);

// One mistake in the language that is shown: where, what was expected, what was found, the fix.
export function said(p, lang, say) {
  const zh = lang === "zh", place = p.rest ? `${p.rest}${zh ? "：" : ": "}` : "";
  const found = p.found[lang] ? `${zh ? "，" : ", "}${beside(say("found"), p.found[lang])}` : "";
  const fix = p.fix[lang] ? (zh ? `（${p.fix[lang]}）` : ` (${p.fix[lang]})`) : "";
  return `${place}${beside(say("expected"), p.expected[lang])}${found}${fix}`;
}

export class Panel {
  // store: as of the canvas, with kinds and problems; say(word): in the chosen language
  constructor(root, store, say, { changed, selected, removed }) {
    Object.assign(this, { root, store, say, changed, selected, removed });
  }

  draw() {
    const { drawing } = this.store, cards = [];
    for (const list of ["zones", "lines", "privacy"]) drawing[list].forEach((row, index) => cards.push(this.card(list, row, index)));
    this.root.replaceChildren(...(cards.length ? cards : [make("p", { className: "empty", textContent: this.say("empty") })]));
  }

  problems(list, index) {
    const start = new RegExp(`(^|\\.)${list}\\[${index}\\]\\.?(.*)$`);
    return this.store.problems.map((row) => [row.field.match(start), row]).filter(([match]) => match).map(([match, row]) => ({ ...row, rest: match[2] }));
  }

  card(list, row, index) {
    const chosen = this.store.selected, open = chosen && chosen.list === list && chosen.index === index;
    const wrong = this.problems(list, index), what = { zones: "zone", lines: "line", privacy: "privacy" }[list];
    const name = list === "privacy" ? `${this.say("privacy")} ${index + 1}` : row.title || row.name;
    const head = make("button", { type: "button", onclick: () => this.selected(open ? null : { list, index }) },
      make("i", { className: `dot ${list}` }), make("span", { className: "name", textContent: name }),
      make("span", { className: "what", textContent: list === "zones" ? this.watches(row) : list === "privacy" ? `${row.length} ${this.say("points")}` : this.say(what) }));
    const card = make("div", { className: `card ${open ? "selected" : ""} ${wrong.length ? "bad" : ""}` }, head);
    card.dataset.card = `${list}-${index}`;
    if (open) card.append(this.body(list, row, index, wrong));
    else if (wrong.length) card.append(make("div", { className: "body" }, ...wrong.map((p) => this.problem(p))));
    return card;
  }

  watches(row) {
    const rows = row.behaviours ?? [];
    return rows.length ? rows.map((b) => this.kind(b.type)?.[this.store.lang] ?? b.type).join(this.store.lang === "zh" ? "、" : ", ") : this.say("nothing");
  }

  kind(type) { return this.store.kinds.find((kind) => kind.type === type); }

  problem(p) { return make("div", { className: "problem", textContent: said(p, this.store.lang, this.say) }); }

  body(list, row, index, wrong) {
    const told = new Set(), body = make("div", { className: "body" });
    const mine = (path) => wrong.filter((p) => p.rest === path || p.rest.startsWith(`${path}[`)).map((p) => { told.add(p); return p; });
    if (list !== "privacy") {
      body.append(this.text(row, "name", "", mine("name")), this.text(row, "title", "", mine("title")));
      if (list === "lines") body.append(this.choice(row, "direction", ["both", "a_to_b", "b_to_a"]), this.text(row, "labels", ["person"], mine("labels")));
      else body.append(...this.behaviours(row, mine));
    }
    body.append(...wrong.filter((p) => !told.has(p)).map((p) => this.problem(p)));
    body.append(make("div", { className: "row" }, make("button", { type: "button", className: "small", textContent: this.say("removeShape"), onclick: () => this.removed(list, index) })));
    return body;
  }

  behaviours(row, mine) {
    const rows = (row.behaviours ?? []).map((behaviour, at) => this.behaviour(row, behaviour, at, mine));
    const add = make("select", { onchange: (event) => this.add(row, event.target.value) },
      make("option", { value: "", textContent: this.say("addBehaviour") }),
      ...this.store.kinds.map((kind) => make("option", { value: kind.type, textContent: kind[this.store.lang] })));
    add.dataset.field = "add";
    return [...rows, add];
  }

  add(row, type) {
    if (!type) return;
    const kind = this.kind(type), first = kind.fields.find((field) => field.name === "dwell" || field.name === "hold");
    row.behaviours = [...(row.behaviours ?? []), first ? { type, [first.name]: first.default } : { type }];
    this.changed(); this.draw();
  }

  behaviour(row, behaviour, at, mine) {
    const kind = this.kind(behaviour.type) ?? { [this.store.lang]: behaviour.type, fields: [] };
    const remove = () => { row.behaviours.splice(at, 1); this.changed(); this.draw(); };
    const field = (f) => (typeof f.default === "boolean" ? this.check(behaviour, f) : this.text(behaviour, f.name, f.default, mine(`behaviours[${at}].${f.name}`), f[this.store.lang]));
    const [near, far] = [kind.fields.filter((f) => FIRST.has(f.name)), kind.fields.filter((f) => !FIRST.has(f.name))];
    const more = make("details", { open: far.some((f) => f.name in behaviour && f.name !== "armed") }, make("summary", { textContent: this.say("more") }), ...far.map(field));
    return make("div", { className: "behaviour" },
      make("div", { className: "head" }, make("b", { textContent: kind[this.store.lang] }), make("button", { type: "button", className: "small quiet", textContent: this.say("remove"), onclick: remove })),
      ...near.map(field), more);
  }

  text(row, name, standard, wrong, title = "") {
    const write = (value) => {
      const plain = value.trim();
      if (!plain) delete row[name];
      else if (Array.isArray(standard)) row[name] = plain.split(/[,，、\s]+/).filter(Boolean);
      else row[name] = typeof standard === "number" && plain !== "" && !Number.isNaN(+plain) ? +plain : plain;
      this.changed();
    };
    const shown = (value) => (Array.isArray(value) ? value.join(", ") : `${value ?? ""}`);
    const input = make("input", { value: shown(row[name]), placeholder: shown(standard), oninput: (event) => write(event.target.value), spellcheck: false });
    input.dataset.field = name;
    return make("label", { className: `field ${wrong.length ? "bad" : ""}`, title }, make("span", { textContent: this.say(name) }), input, ...wrong.map((p) => this.problem({ ...p, rest: "" })));
  }

  check(row, field) {
    const write = (on) => { if (on === field.default) delete row[field.name]; else row[field.name] = on; this.changed(); };
    const input = make("input", { type: "checkbox", checked: row[field.name] ?? field.default, onchange: (event) => write(event.target.checked) });
    return make("label", { className: "field", title: field[this.store.lang] }, make("span", { textContent: this.say(field.name) }), input);
  }

  choice(row, name, values) {
    const select = make("select", { onchange: (event) => { if (event.target.value === values[0]) delete row[name]; else row[name] = event.target.value; this.changed(); } },
      ...values.map((value) => make("option", { value, textContent: this.say(value) })));
    select.value = row[name] ?? values[0];
    select.dataset.field = name;
    return make("label", { className: "field" }, make("span", { textContent: this.say(name) }), select);
  }
}
