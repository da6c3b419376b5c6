// The running shift's figures, on the screen and on paper.

import { change, during } from "./act.js";
import { get } from "./api.js";
import { h, icon } from "./dom.js";
import { filled, frame } from "./frame.js";
import { reportTable } from "./report.js";
import { t } from "./texts.js";

export function xScreen() {
  return frame(
    t("X report"),
    filled(
      () => during(t("Adding up"), () => get("/shift/x")),
      (report) => [
        reportTable(report),
        h("button.tall", { onclick: () => change(t("Printing"), "/shift/x/print") }, icon("print"), t("Print")),
      ],
    ),
  );
}
