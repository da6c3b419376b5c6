// A pay-proof was read off a customer's phone: what the cashier has to know beside the completed sale.

import { refresh } from "./act.js";
import { model } from "./model.js";
import { say } from "./notice.js";
import { t } from "./texts.js";

export function proofTaken(answer) {
  if (model.session && answer.till !== model.session.till) {
    say("warn", t("This proof paid another till's sale"), t("Till {till}, sale {sale}. Yours is not paid by it.", { till: answer.till, sale: answer.sale }));
  } else if (answer.already) {
    say("good", t("This one is paid already"), t("Sale {sale}. The money is here.", { sale: answer.sale }));
  }
  refresh();
}
