(() => {
  "use strict";
  const SPARE = 700; // pixels above and below the window in which frames are kept ready
  const PRINTED = 600; // frames on paper
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const [list, dialog, keys, query] = [at("rows"), at("show"), at("keys"), at("query")];
  const [model, sort, reverse] = [at("model"), at("sort"), at("reverse")];
  const blank = at("row").content.firstElementChild;
  const count = data.id.length;
  const numbers = new Intl.NumberFormat("en");
  const make = (tag, kind, ...inside) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    element.append(...inside);
    return element;
  };

  // What is drawn: frames by their row, and the thumbnails that are only in the HTML.
  const drawn = new Map([...list.children].map((item) => [Number(item.dataset.n), item]));
  const embedded = new Map();
  for (const [n, item] of drawn) if (data.thumbnail[n] === 2) embedded.set(n, item.querySelector("img").getAttribute("src"));

  const path = (column, n, usual = "") => {
    const value = data[column][n];
    if (!value) return "";
    if (value === 2) return embedded.get(n);
    const name = value === 1 ? usual : value;
    return name.startsWith("./") ? name : `${data.folder[n]}/${name}`;
  };
  const pictureOf = (n) => path("picture", n);
  const thumbnailOf = (n) => path("thumbnail", n, "thumbnail.webp") || pictureOf(n);
  const reportOf = (n) => path("report", n, "report.html");
  const stateOf = (n) => data.states[data.state[n]];
  const altOf = (n) => `Best picture of ${data.id[n]}: ${data.says[data.said[n]][0]}. ${data.text[n].slice(0, 140)}`;

  // -- which rows, in which order -----------------------------------------------------------------------------------
  const all = Array.from({ length: count }, (_, n) => n);
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const folded = new Array(count);
  const textOf = (n) =>
    (folded[n] ??= fold(
      [
        data.id[n],
        data.text[n],
        data.says[data.said[n]][0],
        data.reason[n],
        ...(data.unmet[n] ?? []),
        ...(data.reserved[n] ?? []),
        data.models[data.model[n]] ?? "",
      ].join("\n"),
    ));
  const RANKS = ["unmet", "failed", "blocked", "unknown", "over_budget", "cancelled", "invalid"];
  const rank = (n) => {
    const at = RANKS.indexOf(stateOf(n));
    return at < 0 ? RANKS.length + (data.reserved[n] ? 0 : 1) : at;
  };
  const falling = (column) => (a, b) => (data[column][b] ?? -1) - (data[column][a] ?? -1);
  const collator = new Intl.Collator(undefined, { numeric: true });
  const COMPARE = {
    outcome: (a, b) => rank(a) - rank(b),
    usd: falling("usd"),
    images: falling("images"),
    seconds: falling("seconds"),
    ended: (a, b) => (data.ended[a] < data.ended[b] ? 1 : data.ended[a] > data.ended[b] ? -1 : 0),
    text: (a, b) => collator.compare(data.text[a], data.text[b]),
  };
  const sorted = new Map([["number", all]]);
  const inOrder = (by) => {
    if (!sorted.has(by)) sorted.set(by, [...all].sort(COMPARE[by])); // stable: those that are alike keep the order of the file
    return sorted.get(by);
  };

  const outcomes = [...document.querySelectorAll(".outcome")];
  let order = all;
  let view = "sheet";
  const states = () => new Set(outcomes.filter((b) => b.ariaPressed === "true").map((b) => b.dataset.state));
  const select = () => {
    const words = fold(query.value).split(/\s+/).filter(Boolean);
    const wanted = model?.value ? Number(model.value) : null;
    const among = states();
    const tally = {};
    order = inOrder(sort.value).filter((n) => {
      if (wanted !== null && data.model[n] !== wanted) return false;
      if (words.length) {
        const text = textOf(n);
        for (const word of words) if (!text.includes(word)) return false;
      }
      const state = stateOf(n);
      tally[state] = (tally[state] ?? 0) + 1;
      return !among.size || among.has(state);
    });
    if (reverse.ariaPressed === "true") order.reverse();
    for (const button of outcomes) button.querySelector(".count").textContent = numbers.format(tally[button.dataset.state] ?? 0);
    const narrowed = words.length > 0 || wanted !== null || among.size > 0;
    const rows = `${numbers.format(count)} brief${count === 1 ? "" : "s"}`;
    at("found").textContent = narrowed ? `${numbers.format(order.length)} of ${rows}` : rows;
    at("all").hidden = !narrowed;
    if (count) at("none").hidden = order.length > 0;
    draw(true);
  };

  // -- frames, drawn where they can be seen -------------------------------------------------------------------------
  const build = (n) => {
    const item = blank.cloneNode(true);
    const put = (kind, text) => (item.querySelector(kind).textContent = text);
    const [says, sign] = data.says[data.said[n]];
    const id = data.id[n];
    item.className = `frame ${sign}`;
    item.dataset.n = n;
    put(".id", id);
    put(".name bdi", id);
    put(".choose .spoken", ` ${id}`);
    const link = item.querySelector(".window");
    const [picture, report] = [pictureOf(n), reportOf(n)];
    if (picture) {
      const image = make("img");
      image.loading = "lazy";
      image.decoding = "async";
      image.alt = altOf(n);
      image.width = data.width[n];
      image.height = data.height[n];
      image.src = thumbnailOf(n);
      link.replaceChildren(image);
    }
    link.classList.toggle("empty", !picture);
    link.setAttribute("href", picture || report || "#");
    if (!picture) put(".window .spoken", ` of ${id}`);
    item.querySelector(".icon").setAttribute("class", `icon ${sign}`);
    item.querySelector("use").setAttribute("href", `#${sign}`);
    put(".says span", says);
    put(".brief", data.text[n]);
    item.querySelector(".brief").lang = data.language[n] ?? "";
    put(".why", data.why[n]);
    put(".model", data.models[data.model[n]] ?? "");
    put(".images", data.folder[n] ? `${numbers.format(data.images[n])} picture${data.images[n] === 1 ? "" : "s"}` : "");
    put(".cost", data.cost[n]);
    put(".took", data.took[n]);
    if (report) {
      const words = make("a", "report", "Report", make("span", "spoken", ` of ${id}`));
      words.setAttribute("href", report);
      item.querySelector(".facts").append(words);
    }
    mark(item, n);
    return item;
  };
  const mark = (item, n) => {
    item.classList.toggle("chosen", n === chosen);
    item.querySelector(".choose").ariaPressed = String(n === chosen);
  };

  let chosen = null;
  let [columns, height, printing] = [1, 1, false];
  let range = [0, 0];
  const measure = () => {
    const style = getComputedStyle(list);
    columns = style.gridTemplateColumns.split(" ").length;
    height = parseFloat(style.gridAutoRows);
  };
  const draw = (anew = false) => {
    const lines = Math.ceil(order.length / columns);
    const { top } = list.getBoundingClientRect();
    let first = Math.max(0, Math.min(lines, Math.floor((-top - SPARE) / height)));
    let last = Math.min(lines, Math.max(first, Math.ceil((innerHeight - top + SPARE) / height)));
    if (printing) [first, last] = [0, Math.ceil(Math.min(order.length, PRINTED) / columns)];
    if (!anew && first === range[0] && last === range[1]) return;
    range = [first, last];
    const wanted = order.slice(first * columns, last * columns);
    const kept = new Set(wanted);
    for (const [n, item] of drawn) {
      if (kept.has(n)) continue;
      item.remove();
      drawn.delete(n);
    }
    let next = list.firstElementChild;
    wanted.forEach((n, place) => {
      let item = drawn.get(n);
      if (item && item === next) next = next.nextElementSibling;
      else {
        if (!item) drawn.set(n, (item = build(n)));
        list.insertBefore(item, next);
      }
      item.ariaSetSize = order.length;
      item.ariaPosInSet = first * columns + place + 1;
    });
    list.style.paddingTop = printing ? "" : `${first * height}px`;
    list.style.paddingBottom = printing ? "" : `${(lines - last) * height}px`;
  };
  const refit = () => {
    measure();
    draw(true);
  };

  // -- one picture, or two side by side -----------------------------------------------------------------------------
  let pair = [];
  const labelled = (label, kind, sign, texts) => {
    const items = texts.map((text) => {
      const words = make("span", "", text);
      words.dir = "auto";
      return make("li", "", icon(sign), words);
    });
    return make("div", kind, make("p", "label", label), make("ul", "missed", ...items));
  };
  const icon = (sign) => {
    const made = blank.querySelector(".icon").cloneNode(true);
    made.setAttribute("class", `icon ${sign}`);
    made.firstElementChild.setAttribute("href", `#${sign}`);
    return made;
  };
  const side = (n) => {
    const [says, sign] = data.says[data.said[n]];
    const large = make("figure", "large");
    const [picture, report] = [pictureOf(n), reportOf(n)];
    const links = make("p", "facts");
    if (picture) {
      const image = make("img");
      image.alt = altOf(n);
      image.width = data.width[n];
      image.height = data.height[n];
      image.src = thumbnailOf(n);
      const whole = new Image();
      whole.onload = () => (image.src = whole.src);
      whole.onerror = () => links.prepend(make("span", "", "The picture itself is not beside this page."));
      whole.src = picture;
      const link = make("a", "", image);
      link.setAttribute("href", picture);
      large.append(link);
    } else large.append(make("p", "empty", "No picture"));
    const told = make("div", "told", make("h3", "", make("bdi", "", data.id[n])));
    told.append(make("p", "says", icon(sign), make("span", "", says)));
    const brief = make("p", "whole", data.text[n]);
    brief.dir = "auto";
    brief.lang = data.language[n] ?? "";
    if (data.text[n].length > 400) brief.tabIndex = 0;
    told.append(brief);
    if (data.unmet[n]) told.append(labelled("Not met", "", "unmet", data.unmet[n]));
    if (data.reserved[n]) told.append(labelled("In doubt", "", "borderline", data.reserved[n]));
    if (data.reason[n]) {
      const reason = make("p", "reason", data.reason[n]);
      reason.dir = "auto";
      told.append(reason);
    }
    const facts = make("p", "facts");
    const size = picture ? `${data.width[n]} × ${data.height[n]}` : "";
    const images = data.folder[n] ? `${numbers.format(data.images[n])} picture${data.images[n] === 1 ? "" : "s"}` : `row ${data.number[n]}`;
    for (const text of [data.models[data.model[n]], size, images, data.cost[n], data.took[n]]) if (text) facts.append(make("span", "", text));
    for (const [text, href] of [["Picture", picture], ["Report", report]]) {
      if (!href) continue;
      const link = make("a", "", text, make("span", "spoken", ` of ${data.id[n]}`));
      link.setAttribute("href", href);
      links.append(link);
    }
    told.append(facts, links);
    return make("article", `side frame-of ${sign}`, large, told);
  };
  const show = (...rows) => {
    pair = rows;
    const two = rows.length > 1;
    at("shown").textContent = two ? "Side by side" : `${numbers.format(order.indexOf(rows[0]) + 1)} of ${numbers.format(order.length)}`;
    const both = dialog.querySelector(".both");
    both.className = `both ${two ? "two" : "one"}`;
    both.replaceChildren(...rows.map(side));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    write();
  };
  const move = (step) => {
    const here = pair.at(-1);
    let next = order.indexOf(here) + step;
    if (pair.length > 1 && order[next] === pair[0]) next += step;
    if (order[next] !== undefined) show(...pair.slice(0, -1), order[next]);
  };
  const choose = (n) => {
    const before = chosen;
    chosen = before === null ? n : null;
    for (const [row, item] of drawn) if (row === n || row === before) mark(item, row);
    at("picked").hidden = chosen === null;
    at("said").textContent = chosen === null ? "" : `${data.id[n]} is chosen: choose another one to see both side by side.`;
    if (before !== null && n !== null && before !== n) show(before, n);
  };
  const focus = (n) => {
    const place = order.indexOf(n);
    if (place < 0) return;
    if (!drawn.has(n)) {
      const { top } = list.getBoundingClientRect();
      scrollTo(0, scrollY + top + Math.floor(place / columns) * height - innerHeight / 3);
      draw();
    }
    const link = drawn.get(n)?.querySelector(".window");
    link?.focus({ preventScroll: true });
    drawn.get(n)?.scrollIntoView({ block: "nearest" });
  };

  // -- the address says what is seen, so that it can be sent to someone -----------------------------------------------
  const write = () => {
    const state = new URLSearchParams();
    const set = (name, value) => value && state.set(name, value);
    set("q", query.value.trim());
    set("outcome", [...states()].join(","));
    set("model", model?.value ? data.models[Number(model.value)] : "");
    set("sort", sort.value === "number" ? "" : sort.value);
    set("reverse", reverse.ariaPressed === "true" ? "1" : "");
    set("view", view === "sheet" ? "" : view);
    if (dialog.open) [set("show", data.id[pair[0]]), pair.length > 1 && set("beside", data.id[pair[1]])];
    const text = state.toString();
    if (text !== location.hash.slice(1)) history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };
  const look = (name) => {
    view = name === "list" ? "list" : "sheet";
    list.classList.toggle("list", view === "list");
    at("as-sheet").ariaPressed = String(view === "sheet");
    at("as-list").ariaPressed = String(view === "list");
  };
  const read = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    query.value = state.get("q") ?? "";
    const among = (state.get("outcome") ?? "").split(",");
    for (const button of outcomes) button.ariaPressed = String(among.includes(button.dataset.state));
    const known = data.models.indexOf(state.get("model"));
    if (model) model.value = known < 0 ? "" : String(known);
    sort.value = state.get("sort") ?? "number";
    if (!sort.value) sort.value = "number";
    reverse.ariaPressed = String(state.get("reverse") === "1");
    look(state.get("view"));
    measure();
    select();
    const rows = ["show", "beside"].map((name) => data.id.indexOf(state.get(name))).filter((n) => n >= 0);
    if (rows.length) show(...rows);
    else if (dialog.open) dialog.close();
  };
  const changed = () => {
    select();
    const { top } = list.getBoundingClientRect();
    if (top < 0) {
      scrollTo(0, scrollY + top - (at("tools").getBoundingClientRect().height + 16));
      draw();
    }
    write();
  };

  // -- what people do -----------------------------------------------------------------------------------------------
  const toggle = (button) => (button.ariaPressed = String(button.ariaPressed !== "true"));
  at("tools").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", changed);
  sort.addEventListener("change", changed);
  model?.addEventListener("change", changed);
  for (const button of [...outcomes, reverse]) button.addEventListener("click", () => (toggle(button), changed()));
  for (const name of ["sheet", "list"])
    at(`as-${name}`).addEventListener("click", () => {
      look(name);
      measure();
      changed();
    });
  at("all").addEventListener("click", () => {
    query.value = "";
    if (model) model.value = "";
    for (const button of outcomes) button.ariaPressed = "false";
    changed();
    query.focus();
  });
  at("clear").addEventListener("click", () => {
    const former = chosen;
    choose(null);
    focus(former);
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest(".frame");
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (event.target.closest(".choose")) choose(Number(item.dataset.n));
    else if (event.target.closest(".window")) {
      event.preventDefault();
      show(Number(item.dataset.n));
    }
  });
  at("leave").addEventListener("click", () => dialog.close());
  at("back").addEventListener("click", () => move(-1));
  at("on").addEventListener("click", () => move(1));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    write();
    focus(pair.at(-1));
  });
  addEventListener("keydown", (event) => {
    if (!keys.checked || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const step = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
    const here = document.activeElement?.closest(".frame");
    if (step && dialog.open) move(step);
    else if (dialog.open) return;
    else if (step) {
      const place = here ? order.indexOf(Number(here.dataset.n)) + step : range[0] * columns;
      if (order[place] !== undefined) focus(order[place]);
    } else if (event.key === "c" && here) choose(Number(here.dataset.n));
    else if (event.key === "/") query.focus();
    else return;
    event.preventDefault();
  });

  let waiting = false;
  addEventListener(
    "scroll",
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        draw();
      });
    },
    { passive: true },
  );
  let width = 0;
  new ResizeObserver(() => {
    if (innerWidth + innerHeight * 1e5 !== width) refit();
    width = innerWidth + innerHeight * 1e5;
  }).observe(document.documentElement);
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => {
    printing = true;
    draw(true);
    for (const image of list.querySelectorAll("img")) image.loading = "eager";
  });
  addEventListener("afterprint", () => {
    printing = false;
    draw(true);
  });

  list.classList.add("live");
  at("tools").hidden = false;
  document.querySelector(".keys").hidden = false;
  read();
  let ready = 0;
  const prepare = (idle) => {
    while (ready < count && idle.timeRemaining() > 2) textOf(ready++);
    if (ready < count) requestIdleCallback(prepare);
  };
  globalThis.requestIdleCallback?.(prepare); // so that the first search is as fast as the others
})();
