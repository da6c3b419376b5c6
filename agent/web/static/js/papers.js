// The desk's paper: the emulator's own picture of each slip, dot by dot, coming out of the printer's slot.

import { h, icon } from "./dom.js";
import { t } from "./texts.js";

const SLIPS_KEPT = 30;
const DOTS_A_SECOND = 900;
const LONGEST_MS = 1600;
const NEAR_THE_END = 60;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** One printer's paper in a place of the page. `onscan` gets a slip's picture when its code is to be scanned. */
export class Paper {
  constructor(name, onscan) {
    this.name = name;
    this.onscan = onscan;
    this.slips = new Map();
    this.unseen = 0;
    this.begun = false;
    this.waiting = Promise.resolve();
    this.place = h("div.paper", { role: "log", "aria-label": t("Paper") });
    this.place.addEventListener("scroll", () => this.atEnd() && (this.unseen = 0));
  }

  /** Show the newest pictures, `[{n, version, open}]`; what is new comes out of the slot, one after the other. */
  show(pictures) {
    for (const picture of pictures) {
      const slip = this.slips.get(picture.n);
      if (slip && slip.version === picture.version) continue;
      const shown = slip || this.add(picture.n);
      shown.version = picture.version;
      this.waiting = this.waiting.then(() => this.print(shown, picture)).catch((error) => console.warn("paper", error));
    }
    this.waiting = this.waiting.then(() => (this.begun = true));
    for (const n of [...this.slips.keys()].slice(0, -SLIPS_KEPT)) this.drop(n);
  }

  add(n) {
    const slip = { n, height: 0, version: "", element: h("article.slip", { hidden: true }) };
    this.slips.set(n, slip);
    this.place.append(slip.element);
    return slip;
  }

  drop(n) {
    this.slips.get(n).element.remove();
    this.slips.delete(n);
  }

  async print(slip, picture) {
    if (slip.version !== picture.version) return;
    const image = h("img", { alt: t("Slip {n}", { n: slip.n }), draggable: "false" });
    image.src = `/desk/papers/${this.name}/${slip.n}.png?v=${picture.version}`;
    await image.decode();
    const follows = this.atEnd();
    const scan = h("button.slip-scan", { title: t("Hold this slip under the scanner"), onclick: () => this.onscan(image) }, icon("scan"), t("Scan"));
    slip.element.replaceChildren(image, ...(picture.open ? [] : [scan]));
    slip.element.classList.toggle("open", picture.open);
    slip.element.hidden = false;
    const before = slip.height;
    slip.height = slip.element.getBoundingClientRect().height;
    if (!this.begun || follows) this.toEnd();
    else this.unseen += 1;
    if (this.begun) await this.feed(slip, before, image);
  }

  /** Let the paper come out as fast as a printer feeds it. */
  async feed(slip, before, image) {
    const dots = (slip.height - before) * (image.naturalWidth / Math.max(1, image.clientWidth));
    if (calm.matches || dots <= 0 || !this.place.isConnected) return;
    const duration = Math.min(LONGEST_MS, (dots / DOTS_A_SECOND) * 1000);
    const follows = this.atEnd();
    const grow = slip.element.animate([{ height: `${before}px` }, { height: `${slip.height}px` }], { duration, easing: "linear" });
    const follow = () => {
      if (grow.playState !== "running") return;
      if (follows) this.toEnd();
      requestAnimationFrame(follow);
    };
    follow();
    await Promise.race([grow.finished, new Promise((resolve) => setTimeout(resolve, duration + 200))]);
    if (follows) this.toEnd();
  }

  /** Whether one looks at the newest paper; of a paper that isn't shown nobody sees anything. */
  atEnd() {
    return this.place.isConnected && this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < NEAR_THE_END;
  }

  toEnd() {
    this.place.scrollTop = this.place.scrollHeight;
    this.unseen = 0;
  }
}
