// What needs no server: marks in the speech, copying, downloads, opening a place. Links to sentences work without it.
// Gradio runs this once the page is drawn; `trigger` hands an event to Python.
if (!window.assistantPage) {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const idOf = hash => {
    try {
      return decodeURIComponent(hash.slice(1));
    } catch { // somebody typed a lone %
      return "";
    }
  };
  const byHash = hash => document.getElementById(idOf(hash));
  let shown = null; // the reply whose citations are marked
  let marked = "";  // its citations, as one string
  let opener = null; // the link that led into the speech

  // Gradio's <base> is the folder of the page, and links are resolved against it: with a query or a path that does not
  // end in a slash, a plain #s7-5 would load the page anew.
  const go = hash => { location.hash = hash; };
  const leave = () => location.replace(location.href.split("#")[0] + "#");
  let wanted = ""; // a place that the speech shown does not hold, or that was not drawn yet

  const citations = reply => [...new Set(all(".cite", reply).map(link => link.hash))];

  const show = reply => {
    const hashes = reply ? citations(reply) : [];
    if (reply === shown && hashes.join() === marked) return;
    if (reply !== shown && location.hash && !hashes.includes(location.hash)) leave();
    shown = reply;
    marked = hashes.join();
    all(".sentence.cited").forEach(sentence => sentence.classList.remove("cited"));
    hashes.forEach(hash => byHash(hash)?.classList.add("cited"));
    count();
  };

  const count = () => {
    const hashes = shown ? citations(shown) : [];
    const at = hashes.indexOf(location.hash);
    all(".steps-through output").forEach(output => {
      output.textContent = hashes.length ? `${at < 0 ? "–" : at + 1} / ${hashes.length}` : "";
    });
    all("[data-step]").forEach(button => {
      const next = at < 0 ? 0 : at + Number(button.dataset.step);
      button.disabled = !(next in hashes);
      button.dataset.to = hashes[next] ?? "";
    });
    all(".cite, .sources .open").forEach(link => {
      link.toggleAttribute("aria-current", !!location.hash && link.hash === location.hash);
    });
  };

  const open = hash => {
    if (byHash(hash)) location.hash === hash ? byHash(hash).scrollIntoView() : go(hash);
    else { // it stands in another speech
      wanted = hash;
      trigger("expand", { anchor: idOf(hash) });
    }
  };

  // Without an entry in the history each: Back returns to the answer, not through all citations.
  const step = hash => {
    if (location.hash.length > 1 && byHash(hash)) location.replace(location.href.split("#")[0] + hash);
    else open(hash);
  };

  const copy = async (button, text) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a page that is not served over https has no clipboard
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.dataset.label ??= button.textContent;
    button.textContent = done ? button.dataset.copied : button.dataset.notCopied;
    setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
  };

  document.addEventListener("click", event => {
    const reply = event.target.closest(".reply");
    if (reply) show(reply);
    const link = event.target.closest("a[href^='#s'], a[href^='#p']");
    if (link) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab or window
      event.preventDefault();
      opener = link;
      open(link.hash);
      return;
    }
    const button = event.target.closest("button");
    const data = button?.dataset ?? {};
    if (data.copy !== undefined) copy(button, data.copy);
    else if (data.link !== undefined) copy(button, location.href.split("#")[0] + data.link);
    else if (data.ask !== undefined) trigger("select", { ask: data.ask });
    else if (data.again !== undefined) trigger("select", { again: Number(data.again) });
    else if (data.edit !== undefined) trigger("edit", { turn: Number(data.edit) });
    else if (data.rate !== undefined) {
      all("[data-rate]", button.closest(".actions")).forEach(b => b.setAttribute("aria-pressed", b === button));
      trigger("like", { turn: Number(data.rate), verdict: data.verdict });
    } else if (data.step !== undefined) step(data.to);
    else if (data.close !== undefined) close();
    else if (data.dark !== undefined) document.body.classList.toggle("dark");
  });

  const close = () => {
    opener ? history.back() : leave();
    opener?.focus();
    opener = null;
  };

  // Before Gradio hears of it: a conversation that was cleared is gone.
  document.addEventListener("click", event => {
    const clears = event.target.closest("#clear") && document.querySelector(".reply");
    if (clears && !confirm(document.querySelector("[data-confirm]").dataset.confirm)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && location.hash && location.hash !== "#") close();
  });

  addEventListener("hashchange", count);

  // A link that was sent to somebody: ?cite=7.5, or #s7-5, which the browser has tried before the speech was drawn.
  const cite = new URLSearchParams(location.search).get("cite")?.match(/^(?:([\p{L}\p{N}_-]+)\/)?(\d+)(?:\.(\d+))?$/u);
  wanted = cite
    ? `#${cite[3] ? "s" : "p"}${cite[1] ? `-${cite[1]}-` : ""}${cite[2]}${cite[3] ? `-${cite[3]}` : ""}`
    : location.hash;

  const drawn = () => {
    const speech = document.querySelector(".speech .sentence")?.id;
    if (speech !== drawn.speech) marked = null; // marks are in the speech, which is a new one
    if (speech && wanted.length > 1) {
      if (byHash(wanted)) {
        const hash = wanted;
        wanted = "";
        if (drawn.speech) go(hash);
        else { // the browser has been there before there was anything to see
          leave();
          location.replace(location.href.split("#")[0] + hash);
        }
      } else if (speech !== drawn.speech && !drawn.speech) open(wanted);
    }
    drawn.speech = speech;
    const replies = all(".reply");
    const last = replies[replies.length - 1] ?? null;
    if (replies.length > (drawn.count ?? 0)) all(".question").pop()?.scrollIntoView({ block: "start" });
    drawn.count = replies.length;
    if (last !== drawn.last || !shown?.isConnected) {
      drawn.last = last;
      show(last);
    } else show(shown);
    all("#chat .bubble-wrap").forEach(log => log.setAttribute("tabindex", "0"));
  };

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawn(); });
  }).observe(document.body, { childList: true, subtree: true });

  window.assistantPage = {
    download(text, kind) {
      const type = kind === "json" ? "application/json" : "text/markdown";
      const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
      const name = `speech-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${kind}`;
      Object.assign(document.createElement("a"), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    },
  };
  drawn();
}
