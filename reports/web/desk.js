"use strict";
// Addresses are relative: the token is part of this page's own.
const by = (id) => document.getElementById(id);
const limit = Number(document.body.dataset.limit);
// In the language of the page; in English there is no table, and they stand as they are.
const table = JSON.parse(by("words")?.textContent ?? "{}");
const _ = (english, values = {}) =>
  (table[english] || english).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const WORDS = {
  SIGNS_OF_MANIPULATION: _("Signs of manipulation"), INCONCLUSIVE: _("Inconclusive"),
  NO_SIGNS_FOUND: _("No signs found"), NOT_EXAMINED: _("Not examined"),
};
const STATES = {
  receiving: _("Not started"), waiting: _("Waiting"), examining: _("Being examined"), done: _("Done"),
  failed: _("Stopped by an error"),
};
const cases = new Map();
let progress = null;
let chosen = null;
let shownReport = null;

function make(tag, content, classes) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  made.append(...[content ?? []].flat());
  return made;
}
const say = (words) => { by("said").textContent = words; };
// Errors are seen as well as heard.
const complain = (words) => { by("trouble").textContent = words; by("trouble").hidden = !words; };
const decimals = (n, most) => n.toLocaleString(document.documentElement.lang, {
  minimumFractionDigits: most, maximumFractionDigits: most, useGrouping: false,
});
const size = (n) => n < 1e6 ? `${decimals(n / 1e3, 1)} kB` : n < 1e9 ? `${decimals(n / 1e6, 1)} MB` : `${decimals(n / 1e9, 2)} GB`;
const span = (s) => s < 90 ? `${Math.max(1, Math.round(s))} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${decimals(s / 3600, 1)} h`;
const files = (n) => n === 1 ? _("1 file") : _("{n} files", {n});
// Sentences as a case records them, in parts: what is left in English is marked as such.
const told = (said, recorded) => (said ?? [[recorded, false]]).map(([words, english]) => {
  const made = document.createElement("span");
  made.append(words);
  if (english) made.lang = "en";
  return made;
});

async function ask(method, address, body) {
  complain("");
  const answer = await fetch(`api/${address}`, {
    method, body: body && JSON.stringify(body), headers: body ? {"Content-Type": "application/json"} : {},
  });
  if (answer.status === 204) return null;
  const content = await answer.json();
  if (!answer.ok) throw new Error(`${content.error.message}. ${content.error.hint}`);
  return content;
}

// -- uploads -----------------------------------------------------------------------------------------------

function row(file) {
  const bar = make("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", _("Upload of {name}", {name: file.name}));
  const words = make("span", `${file.name}, ${size(file.size)}`);
  const cancel = make("button", _("Cancel"));
  cancel.type = "button";
  cancel.setAttribute("aria-label", _("Cancel the upload of {name}", {name: file.name}));
  const item = make("li", [words, cancel, bar]);
  by("uploads").append(item);
  return {item, bar, words, cancel};
}

function send(id, file, line) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const fail = (why) => {
      line.bar.remove();
      line.cancel.textContent = _("Dismiss");
      line.cancel.setAttribute("aria-label", _("Dismiss the message on {name}", {name: file.name}));
      line.cancel.onclick = () => line.item.remove();
      line.words.textContent = `${file.name}: ${why}`;
      line.words.className = "bad";
      say(`${file.name}: ${why}`);
      resolve(false);
    };
    if (file.size > limit) { fail(_("larger than {limit}, which is the limit here.", {limit: size(limit)})); return; }
    request.upload.onprogress = (event) => { if (event.lengthComputable) line.bar.value = event.loaded / event.total; };
    request.onload = () => {
      if (request.status === 201) { line.item.remove(); resolve(true); return; }
      let why = _("the server answered {status}.", {status: request.status});
      try { const {error} = JSON.parse(request.responseText); why = `${error.message}. ${error.hint}`; } catch { /* no JSON */ }
      fail(why);
    };
    request.onerror = () => fail(_("the connection broke off, or the file can no longer be read."));
    request.onabort = () => { line.item.remove(); say(_("The upload of {name} was cancelled.", {name: file.name})); resolve(false); };
    line.cancel.onclick = () => request.abort();
    request.open("PUT", `api/cases/${id}/files?name=${encodeURIComponent(file.name)}`);
    request.send(file);
  });
}

async function take(list) {
  const taken = [...list];
  if (!taken.length) return;
  const title = by("title").value.trim() || (taken.length === 1 ? taken[0].name : _("{name} and {n} more", {name: taken[0].name, n: taken.length - 1}));
  const lines = taken.map(row);
  let made;
  try {
    const models = [...document.querySelectorAll(".model")].map((field) => field.value).filter(Boolean);
    made = await ask("POST", "cases", {title: title.slice(0, 255), profile: by("profile").value, models});
  } catch (error) {
    lines.forEach((line) => line.item.remove());
    by("uploads").append(make("li", error.message, "bad"));
    say(error.message);
    return;
  }
  by("title").value = "";
  let n = 0;
  for (const line of lines) line.cancel.onclick = () => { line.cancelled = true; line.item.remove(); };
  for (const [index, file] of taken.entries()) {
    if (!lines[index].cancelled && await send(made.id, file, lines[index])) n += 1;
  }
  try {
    if (n) {
      await ask("POST", `cases/${made.id}/examine`);
      say(_("{files} received; the case waits for its examination.", {files: files(n)}));
      choose(made.id);
    } else {
      await ask("DELETE", `cases/${made.id}`);
    }
  } catch (error) { complain(error.message); }
}

by("files").addEventListener("change", (event) => { take(event.target.files); event.target.value = ""; });
by("new").addEventListener("submit", (event) => event.preventDefault());
const drop = by("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); take(event.dataTransfer.files); });
// A file dropped beside the field would otherwise replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

// -- cases -------------------------------------------------------------------------------------------------

function account(one) {
  if (one.state === "done") {
    const counts = new Map();
    const count = (label, n) => counts.set(label, (counts.get(label) ?? 0) + n);
    for (const file of one.files) {
      if (file.verdict) count(file.verdict, 1);
      for (const [label, n] of Object.entries(file.member_verdicts)) count(label, n);
    }
    const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
    return Object.keys(WORDS).filter((label) => counts.has(label))
      .map((label) => total === 1 ? WORDS[label] : `${WORDS[label]}: ${counts.get(label)}`).join(", ");
  }
  if (one.state === "examining" && progress?.case === one.id) {
    const place = progress.file ? `: ${progress.file}` : "";
    const behind = progress.behind_s ? `, ${_("{n} s of it done", {n: Math.round(progress.behind_s)})}` : "";
    const done = _("{n} of {files} done", {n: progress.n_done, files: files(progress.n_files)});
    const scored = progress.n_scores ? `, ${_("{n} frames and windows scored", {n: progress.n_scores})}` : "";
    const left = progress.left_s === null ? "" : `; ${_("about {time} left", {time: span(progress.left_s)})}`;
    return `${_(progress.stage)}${place}${behind}; ${done}${scored}${left}`;
  }
  if (one.state === "waiting") {
    const ahead = [...cases.values()].filter((other) => other.state === "examining"
      || (other.state === "waiting" && other.queued_utc < one.queued_utc)).length;
    return ahead ? _("Waiting; {n} before it", {n: ahead}) : STATES.waiting;
  }
  return STATES[one.state];
}

function entry(one) {
  const button = make("button", [make("b", one.title), make("span", account(one), "quiet")]);
  button.type = "button";
  button.dataset.id = one.id;
  button.setAttribute("aria-current", String(one.id === chosen));
  button.onclick = () => choose(one.id, true);
  if (one.state === "examining" && progress?.case === one.id) {
    const bar = make("progress");
    bar.max = progress.n_files;
    if (progress.n_done) bar.value = progress.n_done;
    bar.setAttribute("aria-label", _("Progress of {title}", {title: one.title}));
    button.append(bar);
  }
  return make("li", button);
}

function fits(one, words) {
  const text = [one.title, one.id, ...one.files.flatMap((file) => [file.name, file.sha256, ...file.members.map((member) => member.name)])].join("\n").toLowerCase();
  return words.split(/\s+/).every((word) => text.includes(word));
}

function draw() {
  const focused = document.activeElement?.dataset?.id;
  const list = [...cases.values()].sort((a, b) => a.created_utc < b.created_utc ? 1 : -1);
  by("search-field").hidden = list.length < 2;
  const words = by("search").value.trim().toLowerCase();
  const found = list.filter((one) => fits(one, words));
  by("cases").replaceChildren(...found.map(entry));
  by("none").hidden = found.length > 0;
  by("none").textContent = list.length ? _("No case fits the search.") : _("There are no cases yet.");
  if (focused) document.querySelector(`[data-id="${focused}"]`)?.focus();
  detail();
}

function verdict(judged) {
  const score = judged.manipulation_score === null ? "" : `, ${_("score {score}", {score: decimals(judged.manipulation_score, 2)})}`;
  return [make("p", make("span", WORDS[judged.verdict] + score, `verdict v-${judged.verdict}`)), make("p", told(judged.said, judged.reason))];
}

function labels(one, file) {
  const field = make("select");
  for (const [value, words] of [["", _("not known")], ["manipulated", _("manipulated")], ["pristine", _("pristine")]]) {
    field.add(new Option(words, value, false, value === file.label));
  }
  field.dataset.file = file.id;
  field.onchange = () => ask("PUT", `cases/${one.id}/labels`, {[file.id]: field.value})
    .then(() => say(one.state === "done"
      ? _("The label of {name} is kept; the report is drawn again.", {name: file.name})
      : _("The label of {name} is kept.", {name: file.name})))
    .catch((error) => { field.value = file.label; complain(error.message); });
  const label = make("label", [`${_("Known truth")} `, field], "field");
  field.setAttribute("aria-label", _("Known truth of {name}", {name: file.name}));
  return label;
}

function members(file) {
  const n = Object.values(file.member_verdicts).reduce((sum, one) => sum + one, 0);
  const list = make("ul", file.members.map((member) => make("li", [make("span", member.name), ...verdict(member)])), "members");
  const within = make("details", [make("summary", _("{files} within", {files: files(n)})), list]);
  within.open = n <= 20;
  if (n > file.members.length) within.append(make("p", _("The {n} that need attention first are listed here; the report has all of them.", {n: file.members.length}), "quiet"));
  return within;
}

function line(one, file) {
  const said = [make("span", file.name), make("span", ` ${size(file.size_bytes)}`, "quiet")];
  if (file.verdict) said.push(...verdict(file));
  if (file.members.length) said.push(members(file));
  said.push(make("p", `SHA-256 ${file.sha256}`, "hash"), labels(one, file));
  return make("li", said);
}

function actions(one) {
  const given = [];
  const button = (words, classes, act) => {
    const made = make("button", words, classes);
    made.type = "button";
    made.onclick = act;
    given.push(made);
  };
  if (["receiving", "failed"].includes(one.state) && one.files.length) {
    button(one.state === "failed" ? _("Try again") : _("Examine"), "", () => ask("POST", `cases/${one.id}/examine`).catch((error) => complain(error.message)));
  }
  if (one.state === "done") {
    const open = make("a", _("Open the report by itself"), "button");
    open.href = one.report;
    open.target = "_blank";
    open.rel = "noopener noreferrer";
    given.push(open);
    for (const [name, words] of [["report.html", _("Save report")], ["report.json", "JSON"], ["report.csv", "CSV"], ["evidence.case", _("Case file")]]) {
      const link = make("a", words, "button");
      link.href = `api/cases/${one.id}/${name}`;
      link.setAttribute("download", "");
      given.push(link);
    }
  }
  if (one.models.length) given.push(make("span", _("Scored by {models}", {models: one.models.join(", ")}), "quiet"));
  button(_("Delete"), "grave", () => remove(one));
  return given;
}

let drawn = "";
function detail() {
  const one = cases.get(chosen);
  by("detail").hidden = !one;
  if (!one) { drawn = ""; showReport(null); return; }
  by("detail-said").replaceChildren(...(one.problem ? told(one.problem_said, one.problem) : [account(one)]));
  by("detail-said").className = one.problem ? "bad" : "quiet";
  const now = JSON.stringify(one);
  if (now === drawn) return;
  drawn = now;
  by("detail-title").textContent = one.title;
  by("detail-actions").replaceChildren(...actions(one));
  const focused = document.activeElement?.dataset?.file;
  by("detail-files").replaceChildren(...one.files.map((file) => line(one, file)));
  if (focused) document.querySelector(`[data-file="${focused}"]`)?.focus();
  showReport(one.report && `${one.report}?${one.reports}`);
}

function showReport(address) {
  const frame = by("report");
  frame.hidden = !address;
  if (address === shownReport) return;
  shownReport = address;
  frame.src = address ?? "about:blank";
}

function choose(id, focus) {
  chosen = id;
  draw();
  if (focus) { by("detail").focus(); by("detail").scrollIntoView({block: "nearest"}); }
}

function remove(one) {
  const dialog = by("confirm");
  by("confirm-text").textContent = _("{title}: {files}, the case file and its reports go for good.", {title: one.title, files: files(one.files.length)});
  dialog.returnValue = "no";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "yes") return;
    try { await ask("DELETE", `cases/${one.id}`); say(_("{title} was deleted.", {title: one.title})); by("cases").focus(); } catch (error) { complain(error.message); }
  };
  dialog.showModal();
}

// -- news --------------------------------------------------------------------------------------------------

by("search").addEventListener("input", draw);
const news = new EventSource("api/events");
const heard = (kind, act) => news.addEventListener(kind, (event) => { act(JSON.parse(event.data)); draw(); });
news.onopen = () => { by("link").textContent = _("Connected"); by("link").className = "quiet"; };
news.onerror = () => { by("link").textContent = _("Connection lost: is the server still running?"); by("link").className = "lost"; };
heard("desk", (desk) => {
  cases.clear();
  for (const one of desk.cases) cases.set(one.id, one);
  progress = desk.progress;
});
heard("case", (one) => {
  const before = cases.get(one.id)?.state;
  cases.set(one.id, one);
  if (one.state !== "examining" && progress?.case === one.id) progress = null;
  if (before === "examining" && one.state === "done") say(_("{title} is done: {account}.", {title: one.title, account: account(one)}));
});
heard("progress", (now) => { progress = now; });
heard("gone", ({id}) => { cases.delete(id); if (chosen === id) chosen = null; });
