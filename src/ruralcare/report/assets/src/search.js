// Finding a township, an institution or a co-operative by name, also by initial consonants.
(function (RC) {
  "use strict";
  const { h, clear, fill } = RC;
  const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
  const MOST = 8;

  const folded = (text) => text.normalize("NFC").toLowerCase().replace(/\s+/g, "");
  const initials = (text) => [...text].map((c) => {
    const code = c.charCodeAt(0) - 0xac00;
    return code >= 0 && code < 11172 ? INITIALS[Math.floor(code / 588)] : c;
  }).join("");

  RC.Search = class {
    constructor(app) {
      this.app = app;
      this.input = document.getElementById("search");
      this.list = document.getElementById("search-list");
      const { data, scene } = app, towns = data.townships;
      const entry = (name, detail, go) => ({ name, detail, go, key: folded(name), start: initials(folded(name)) });
      this.entries = [
        ...towns.name.map((name, i) => entry(name, data.counties.name[towns.county[i]], () => app.visit(i))),
        ...scene.places.map((place) => entry(place.name,
          [data.symbols[place.symbol].label, place.township === null ? "" : towns.name[place.township]].filter(Boolean).join(" · "),
          () => app.visitPlace(place))),
      ];
      this.input.addEventListener("input", () => this.find());
      this.input.addEventListener("keydown", (event) => this.key(event));
      this.input.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
      this.input.addEventListener("focus", () => this.find());
    }

    find() {
      const wanted = folded(this.input.value);
      if (!wanted) return this.hide();
      const by = [...wanted].every((c) => INITIALS.includes(c)) ? "start" : "key";
      const rank = (one) => one[by].indexOf(wanted);
      this.found = this.entries.filter((one) => rank(one) >= 0).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
      this.active = this.found.length ? 0 : -1;
      this.input.setAttribute("aria-expanded", "true");
      this.list.hidden = false;
      clear(this.list, this.found.length ? this.found.map((one, i) => h("li", {
        id: `found-${i}`, role: "option", onmousedown: (event) => { event.preventDefault(); this.choose(i); },
      }, h("span", {}, one.name), h("small", {}, one.detail))) : h("li", { class: "none", role: "option", "aria-disabled": "true" }, this.app.words.nothingFound));
      this.app.say(fill(this.app.words.foundCount, { count: this.found.length }));
      return this.mark();
    }

    mark() {
      [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === this.active)));
      if (this.active >= 0) this.input.setAttribute("aria-activedescendant", `found-${this.active}`);
      else this.input.removeAttribute("aria-activedescendant");
    }

    hide() {
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    key(event) {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && this.found && this.found.length && !this.list.hidden) {
        event.preventDefault();
        this.active = (this.active + step + this.found.length) % this.found.length;
        this.mark();
      } else if (event.key === "Enter" && !this.list.hidden && this.active >= 0) {
        event.preventDefault();
        this.choose(this.active);
      } else if (event.key === "Escape") this.hide();
    }

    choose(i) {
      const one = this.found[i];
      this.input.value = one.name;
      this.hide();
      one.go();
    }
  };
})((window.RuralCare = window.RuralCare || {}));
