// Adding an item: asks what only a person knows (weight, price, age) and nothing else.

import { change, during, showBasket } from "./act.js";
import { ApiError, post } from "./api.js";
import { confirmThat } from "./dialog.js";
import { askNumber } from "./numbers.js";
import { nameOf, t } from "./texts.js";
import { inTurn } from "./turn.js";
import { askWeight } from "./weigh.js";

export async function addItem(item) {
  const wish = { code: item.sku };
  if (item.unit === "g") {
    const weight = await askWeight(item);
    if (!weight) return;
    Object.assign(wish, weight);
  }
  if (item.price_fen === null) {
    wish.price_fen = await askNumber(t("What does it cost? {name}", { name: nameOf(item) }));
    if (wish.price_fen === null) return;
  }
  await add(wish);
}

async function add(wish) {
  let needsAge = false;
  const send = async () => {
    try {
      return await post("/basket/lines", wish);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "item.age_check") throw error;
      needsAge = true;
      return null;
    }
  };
  const basket = await inTurn(() => during(t("Adding"), send));
  if (basket) showBasket(basket);
  if (needsAge) await checkAge(() => add(wish));
}

/** Ask for the customer's age once a sale; only that it was checked is kept. */
export async function checkAge(then) {
  const yes = await confirmThat(
    t("Is the customer 18 or older?"),
    t("Tobacco and alcohol are not for minors. Nothing about the customer is kept."),
    t("Yes, 18 or older"),
  );
  if (yes && (await change(t("One moment"), "/basket/age-checked"))) await then();
}
