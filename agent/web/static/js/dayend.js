// Closing the store's day: open shifts are named, since they hinder it; what else is unfinished is named and carried over.

import { change, during, refresh } from "./act.js";
import { get } from "./api.js";
import { askReason } from "./dialog.js";
import { h } from "./dom.js";
import { filled, frame, leave } from "./frame.js";
import { model } from "./model.js";
import { say } from "./notice.js";
import { reportTable, unfinishedList } from "./report.js";
import { t } from "./texts.js";

export function closeDayScreen() {
  const place = h("div.day-end");
  place.append(
    filled(
      () => during(t("Looking through the day"), () => get("/day/unfinished")),
      (things) => [
        ...named(things),
        h("button.primary.pay", { id: "close-day", onclick: () => closeDay(place) }, t("Close the day {day}", { day: model.state.day.day })),
      ],
    ),
  );
  return frame(t("Close the day"), place);
}

function named(things) {
  if (!things.length) return [h("h2", {}, t("Everything is finished"))];
  const shifts = things.filter((thing) => thing.what === "shift");
  const carried = things.filter((thing) => thing.what !== "shift");
  const list = (title, some) => (some.length ? [h("h2", {}, title), unfinishedList(some)] : []);
  return [...list(t("First count and close these shifts"), shifts), ...list(t("Not finished, carried over by name"), carried)];
}

async function closeDay(place) {
  let report = await change(t("Closing the day"), "/day/close", {}, { keyed: true });
  if (!report && model.notice && model.notice.code === "day.shifts_open") {
    const reason = await askReason(t("Close it all the same? Say why"), [t("Somebody left without closing"), t("A till is broken")]);
    if (reason) report = await change(t("Closing the day"), "/day/close", { forced_reason: reason }, { keyed: true });
  }
  if (!report) return;
  const done = async () => {
    leave();
    await refresh();
  };
  place.replaceChildren(
    h("h2", {}, t("Day {day}", { day: report.day })),
    reportTable(report),
    h("button.primary.tall", { id: "day-done", onclick: done }, t("Done")),
  );
  say("good", t("The day is closed"), t("Its report is printing."));
}
