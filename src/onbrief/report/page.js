(() => {
  "use strict";
  const frames = [...document.querySelectorAll(".frame")];
  const dialog = document.getElementById("compare");
  const said = document.getElementById("said");
  const keys = document.getElementById("keys");
  if (!frames.length) return;
  let chosen = null;
  let pair = [];

  const label = (frame) => frame.querySelector(".edge span").textContent;
  const make = (tag, kind, ...inside) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    element.append(...inside);
    return element;
  };
  const show = (frame) => {
    const target = frame.querySelector(".window a") ?? frame;
    if (target === frame) frame.tabIndex = -1;
    target.focus({ preventScroll: true });
    frame.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const column = (frame) => {
    const figure = make("figure");
    const picture = frame.querySelector(".window img, .window .empty").cloneNode(true);
    const place = frame.querySelector("h3, h2") ?? frame.closest("article").querySelector("h3");
    const caption = make("figcaption", "", make("b", "", label(frame)));
    if (place) caption.append(make("span", "", place.textContent));
    caption.append(frame.querySelector(".says").cloneNode(true));
    figure.append(picture, caption);
    return figure;
  };
  const answers = (frame) => new Map([...frame.querySelectorAll(".findings li")].map((item) => [item.dataset.id, item]));
  const cell = (item) => {
    if (!item) return make("td", "", "not judged");
    return make("td", item.className, item.querySelector(".icon").cloneNode(true), " ", item.querySelector(".answer b").textContent);
  };
  const table = (one, other) => {
    const [left, right] = [answers(one), answers(other)];
    const body = make("tbody");
    for (const id of new Set([...left.keys(), ...right.keys()])) {
      const [a, b] = [left.get(id), right.get(id)];
      const differs = a?.className !== b?.className;
      const claim = make("th", "", (a ?? b).querySelector(".claim").cloneNode(true));
      claim.scope = "row";
      if (differs) claim.append(make("span", "differs", "differs"));
      body.append(make("tr", differs ? "differing" : "", claim, cell(a), cell(b)));
    }
    if (!body.children.length) return make("p", "sub", "Neither picture was judged.");
    const heads = ["Requirement", label(one), label(other)].map((text) => Object.assign(make("th", "", text), { scope: "col" }));
    return make("table", "", make("thead", "", make("tr", "", ...heads)), body);
  };
  const compare = (one, other) => {
    pair = [one, other];
    dialog.querySelector(".both").replaceChildren(column(one), column(other));
    dialog.querySelector(".answers").replaceChildren(table(one, other));
    if (!dialog.open) dialog.showModal();
  };
  const choose = (frame) => {
    const before = chosen;
    chosen?.classList.remove("picked");
    chosen?.querySelector(".choose").setAttribute("aria-pressed", "false");
    chosen = before ? null : frame;
    if (before && before !== frame) return compare(before, frame);
    if (chosen) {
      chosen.classList.add("picked");
      chosen.querySelector(".choose").setAttribute("aria-pressed", "true");
    }
    said.textContent = chosen ? `Picture ${label(chosen)} is chosen: choose another one to see both side by side.` : "No picture is chosen.";
  };

  if (frames.length > 1) {
    document.querySelector(".keys").hidden = false;
    for (const frame of frames) {
      const button = make("button", "choose", "Compare", make("span", "spoken", ` picture ${label(frame)}`));
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => choose(frame));
      frame.querySelector(".edge").append(button);
    }
  }
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => show(pair[1]));

  addEventListener("keydown", (event) => {
    if (!keys.checked || frames.length < 2 || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const step = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
    const here = frames.indexOf(document.activeElement?.closest(".frame"));
    if (event.key === "c" && !dialog.open && here >= 0) choose(frames[here]);
    else if (step && dialog.open) {
      let next = frames.indexOf(pair[1]) + step;
      if (frames[next] === pair[0]) next += step;
      if (frames[next]) compare(pair[0], frames[next]);
    } else if (step) {
      const next = frames[here < 0 && step < 0 ? frames.length - 1 : here + step];
      if (next) show(next);
    } else return;
    event.preventDefault();
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
})();
