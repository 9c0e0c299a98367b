"use strict";
// Sorting, filtering, searching and the viewer. The page reads and prints without any of it.
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  // Words in the language of the page; in English there is no table, and they stand as they are.
  const words = JSON.parse(byId("script-words")?.textContent ?? "{}");
  const _ = (english, values = {}) =>
    (words[english] || english).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const amount = (n) => n.toLocaleString(root.lang);
  const decimal = (text) => root.lang === "en" ? text : text.replaceAll(".", "").replace(",", ".");
  for (const element of document.querySelectorAll(".js-only")) element.classList.remove("js-only");

  // Light and dark: the reader's system decides until the button is used.
  byId("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const table = byId("table");
  const body = table.tBodies[0];
  const rows = [...body.querySelectorAll("tr[data-f]")];
  const articleOf = (row) => byId("f" + row.dataset.f);
  const verdictOf = (row) => row.classList[0].slice(2);

  // Sorting. Empty cells come last either way.
  // Thousands of table rows take seconds to lay out, so a screen gets them in portions. Paper gets all.
  const PORTION = 200;
  const more = byId("more");
  let portions = 1;
  const portion = () => {
    let n = 0;
    for (const row of rows) {
      const later = !row.hidden && ++n > portions * PORTION;
      if (row.classList.contains("later") !== later) row.classList.toggle("later", later);
    }
    const left = n - portions * PORTION;
    more.hidden = left <= 0;
    more.textContent = _("Show {n} more of {left}", { n: Math.min(PORTION, left), left: amount(left) });
  };
  more.addEventListener("click", () => { portions += 1; portion(); });

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const headers = [...table.tHead.rows[0].cells];
  const sortField = byId("sort");
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.k ?? (cell.querySelector("a") ?? cell).textContent.trim();
    if (text === "") return null;
    const bare = text.replace(/^([<>]) /, "");
    return cell.dataset.k !== undefined || cell.classList.contains("num") ? Number(cell.dataset.k === undefined ? decimal(bare) : bare) : text;
  };
  const place = (ordered) => {
    ordered.forEach((row, index) => { rows[index] = row; });
    portions = 1;
    portion();
    body.replaceChildren(...rows);
  };
  const sortBy = (column, direction) => {
    const keyed = rows.map((row) => [key(row, column), row]);
    keyed.sort(([a, rowA], [b, rowB]) => {
      if (a === null || b === null) return (a === null) - (b === null) || rowA.dataset.f - rowB.dataset.f;
      const order = typeof a === "number" ? a - b : collator.compare(a, b);
      return (direction === "descending" ? -order : order) || rowA.dataset.f - rowB.dataset.f;
    });
    place(keyed.map(([, row]) => row));
    headers.forEach((header, index) => {
      if (index === column) header.setAttribute("aria-sort", direction);
      else header.removeAttribute("aria-sort");
    });
    sortField.value = column + " " + direction;
  };
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.dataset.h = button.textContent;
    header.replaceChildren(button);
    const numeric = header.classList.contains("num");
    button.addEventListener("click", () => {
      const now = header.getAttribute("aria-sort");
      const first = numeric ? "descending" : "ascending";
      const other = numeric ? "ascending" : "descending";
      sortBy(column, now === first ? other : first);
    });
    for (const direction of numeric ? ["descending", "ascending"] : ["ascending", "descending"]) {
      const orders = numeric
        ? { descending: _("highest first"), ascending: _("lowest first") }
        : { ascending: _("in order"), descending: _("in reverse") };
      sortField.add(new Option(button.textContent + ", " + orders[direction], column + " " + direction));
    }
  });
  const asDrawn = [...rows];
  sortField.addEventListener("change", () => {
    const [column, direction] = sortField.value.split(" ");
    if (direction) return sortBy(Number(column), direction);
    place(asDrawn);
    headers.forEach((header) => header.removeAttribute("aria-sort"));
  });

  // Filter and search.
  const chips = [...document.querySelectorAll(".chip")];
  const search = byId("search");
  const shown = byId("shown");
  const total = shown.textContent;
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) {
      const hash = articleOf(row).querySelector(".digest .hash").textContent;
      texts.set(row, (row.textContent + " " + hash).toLowerCase());
    }
    return texts.get(row);
  };
  const filter = () => {
    const wanted = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.verdict));
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of rows) {
      const hit = wanted.has(verdictOf(row)) && (!parts.length || parts.every((part) => textOf(row).includes(part)));
      if (row.hidden === hit) row.hidden = !hit;
      const article = articleOf(row);
      if (article.hidden === hit) article.hidden = !hit;
      n += hit;
    }
    portions = 1;
    portion();
    shown.textContent = n === rows.length ? total : _("{n} of {total}", { n: amount(n), total });
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      filter();
    });
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, rows.length > 1000 ? 150 : 0);
  });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());

  // The viewer borrows a file's article from the evidence section and puts it back.
  const viewer = byId("viewer");
  const content = byId("viewer-content");
  const gap = document.createComment("in the viewer");
  let current = null;
  const putBack = () => {
    if (current === null) return;
    gap.replaceWith(articleOf(current));
    current = null;
  };
  const note = (hash) => {
    try { history.replaceState(null, "", hash); } catch { /* some viewers forbid it */ }
  };
  const show = (row) => {
    putBack();
    const article = articleOf(row);
    article.replaceWith(gap);
    content.replaceChildren(article);
    article.hidden = false;
    current = row;
    const visible = rows.filter((one) => !one.hidden);
    const at = visible.indexOf(row);
    byId("viewer-place").textContent = at < 0 ? "" : _("File {n} of {total}", { n: at + 1, total: visible.length });
    byId("viewer-previous").disabled = at <= 0;
    byId("viewer-next").disabled = at < 0 || at === visible.length - 1;
    if (!viewer.open) viewer.showModal();
    content.scrollTop = 0;
    content.focus({ preventScroll: true });
    note("#" + article.id);
  };
  const step = (by) => {
    const visible = rows.filter((one) => !one.hidden);
    const next = visible[visible.indexOf(current) + by];
    if (next) show(next);
  };
  viewer.addEventListener("close", () => {
    const row = current;
    putBack();
    note("#files");
    if (!row || row.hidden) return;
    row.classList.remove("later");
    row.querySelector("a").focus();
  });
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  byId("viewer-close").addEventListener("click", () => viewer.close());
  byId("viewer-previous").addEventListener("click", () => step(-1));
  byId("viewer-next").addEventListener("click", () => step(1));
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-f]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a");
    if (!link && String(getSelection()) !== "") return;
    event.preventDefault();
    show(row);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (viewer.open) {
      if (event.target.closest(".scroll")) return;
      if (event.key === "ArrowRight") step(1);
      if (event.key === "ArrowLeft") step(-1);
    } else if (event.key === "/" && !event.target.closest("input, select")) {
      event.preventDefault();
      search.focus();
    }
  });
  portion();
  root.classList.remove("opening");
  const fromAddress = () => {
    // #f1 is a file, #m1-2-3 the third frame of its second subject.
    const found = /^#(?:f(\d+)|m(\d+)-\d+-\d+)$/.exec(location.hash);
    const row = found && rows.find((one) => one.dataset.f === (found[1] ?? found[2]));
    if (!row) return;
    const frame = found[2] && byId(location.hash.slice(1));
    if (row !== current) {
      const wanted = location.hash;
      show(row);
      if (frame) note(wanted);
    }
    if (frame) frame.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", fromAddress);
  fromAddress();

  // Paper has no viewer and no second chance to load a picture.
  addEventListener("beforeprint", () => {
    if (viewer.open) viewer.close();
    putBack();
    for (const image of document.images) image.loading = "eager";
  });
})();
