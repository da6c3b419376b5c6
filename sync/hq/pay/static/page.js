// The pay page. One script for every phone's browser, old ones in wallets' apps too; what is known comes from the server.
(function () {
  "use strict";

  var WORDS = {
    zh: {
      language: "English", due: "应付", sale: "单号 ", left: "请在 {m} 分钟内付款", wechat: "微信", alipay: "支付宝",
      pay: "用{wallet}付款", open: "打开{wallet}", change: "改用{wallet}付", changing: "会先关掉另一笔,不会收两次。",
      waiting: "正在等{wallet}的结果…", pressed: "付好后回到这一页,会出现给收银员的码。",
      proof: "付完给收银员扫这个码", proofSaid: "已用{wallet}付 {amount}。收银员扫过就好了,不用截图。",
      paid: "已付款", paidSaid: "请告诉收银员,店里会查到这一笔。", over: "这个码不能付了", overSaid: "没扣钱。请收银员换一个码。",
      expired: "这个码过期了", outside: "请点右上角,在浏览器里打开", outsideSaid: "或者用另一个手机应用扫店里的码。",
      none: "请收银员换一个码", noneSaid: "这一单在两个钱包里都关掉了,没扣钱。", busy: "请稍等…", network: "手机没有网络,正在重试", again: "再试一次",
      cancelled: "没付成,没扣钱", cancelledSaid: "可以再付一次。",
    },
    en: {
      language: "中文", due: "Due", sale: "Sale ", left: "Please pay within {m} min", wechat: "WeChat Pay", alipay: "Alipay",
      pay: "Pay with {wallet}", open: "Open {wallet}", change: "Use {wallet} instead", changing: "The other one is closed first; nothing is taken twice.",
      waiting: "Waiting for {wallet}…", pressed: "Come back to this page after paying: it shows the code for the cashier.",
      proof: "Let the cashier scan this code", proofSaid: "{amount} paid with {wallet}. Once it is scanned you are done; no screenshot needed.",
      paid: "Paid", paidSaid: "Please tell the cashier; the shop finds this payment.", over: "This code can't be paid any more", overSaid: "Nothing was charged. Please ask for a new code.",
      expired: "This code is too old", outside: "Tap the corner and open this in your browser", outsideSaid: "Or scan the shop's code with another app.",
      none: "Please ask for a new code", noneSaid: "This order was closed in both wallets; nothing was charged.", busy: "One moment…", network: "No network on this phone, trying again", again: "Try again",
      cancelled: "Not paid, nothing charged", cancelledSaid: "You can pay again.",
    },
  };
  var EVERY_MS = 2000;
  var body = document.body, page = document.getElementById("page");
  var path = location.pathname.replace(/\/$/, "");
  var language = /^zh/.test(document.documentElement.lang) ? "zh" : "en";
  var state = JSON.parse(body.getAttribute("data-state")), payer = body.getAttribute("data-payer");
  var busy = false, asked = 0, newest = 0, offline = false, cancelled = false, refusal = state.error || null, painted = "";

  function t(key, values) {
    return WORDS[language][key].replace(/\{(\w+)\}/g, function (_, name) { return values ? values[name] : ""; });
  }
  function money(fen) { return "¥" + (fen / 100).toFixed(2); }
  function make(tag, kind, text) {
    var made = document.createElement(tag);
    if (kind) made.className = kind;
    if (text) made.textContent = text;
    return made;
  }
  function add(tag, kind, text) { return page.appendChild(make(tag, kind, text)); }
  function say(title, detail, kind) {
    add("p", "words" + (kind ? " " + kind : ""), title);
    if (detail) add("p", "quiet", detail);
  }
  function button(kind, text, act) {
    var made = add("button", "go " + kind, text);
    made.type = "button";
    made.disabled = busy;
    made.onclick = act;
  }

  function send(method, address, content, then) {
    var request = new XMLHttpRequest();
    request.open(method, path + address);
    request.timeout = 40000;
    if (content) request.setRequestHeader("Content-Type", "application/json");
    request.onload = function () {
      var found = null;
      try { found = JSON.parse(request.responseText); } catch (_) { /* a proxy's page: as good as no answer */ }
      offline = found === null;
      then(found);
    };
    request.onerror = request.ontimeout = function () { offline = true; then(null); };
    request.send(content ? JSON.stringify(content) : null);
  }

  function choose(wallet, leave) {
    if (busy) return;
    busy = true; cancelled = false; refusal = null;
    paint();
    send("POST", "/wallet", { wallet: wallet, payer: payer }, function (found) {
      busy = false;
      if (found && found.error) refusal = found.error;
      else if (found) { state = found; newest = asked += 1; if (leave !== false) open(); }
      paint();
    });
  }

  // Opening the wallet: its bridge inside its app, an address in a browser.
  function open() {
    var offer = state.offer;
    if (!offer) return;
    if (offer.url) { location.assign(withWayBack(offer.url)); return; }
    if (!state.in_app || state.app !== state.wallet) return;
    if (state.wallet === "wechat") whenReady("WeixinJSBridge", "WeixinJSBridgeReady", function (bridge) {
      bridge.invoke("getBrandWCPayRequest", offer.parameters, function (result) { ended(/:ok$/.test(result.err_msg)); });
    });
    else whenReady("AlipayJSBridge", "AlipayJSBridgeReady", function (bridge) {
      bridge.call("tradePay", offer.parameters, function (result) { ended(String(result.resultCode) === "9000"); });
    });
  }
  function whenReady(name, event, then) {
    if (window[name]) return then(window[name]);
    document.addEventListener(event, function () { then(window[name]); }, { once: true });
    return undefined;
  }
  function withWayBack(url) {
    return state.wallet === "wechat" ? url + (url.indexOf("?") < 0 ? "?" : "&") + "redirect_url=" + encodeURIComponent(location.origin + path) : url;
  }
  function ended(well) { cancelled = !well; look(); }

  function paint() {
    var now = JSON.stringify([state, busy, offline, cancelled, refusal, language]);
    if (now === painted) return;
    painted = now;
    page.textContent = "";
    var top = add("header"), name = make("h1", "", state.store || ""), switcher = make("button", "language", t("language"));
    top.appendChild(name);
    top.appendChild(switcher);
    switcher.type = "button";
    switcher.onclick = function () { language = language === "zh" ? "en" : "zh"; document.documentElement.lang = language === "zh" ? "zh-CN" : "en"; paint(); };
    if (state.error) return broken(state.error);
    add("p", "quiet", t("due"));
    add("p", "amount", money(state.amount_fen));
    add("p", "quiet", t("sale") + state.sale);
    if (state.state === "paid") return paid();
    if (offline) add("p", "quiet", t("network"));
    if (state.over) return say(t("over"), t("overSaid"), "bad");
    if (refusal) say(refusal.title[language], refusal.detail[language], "bad");
    if (!state.wallet && !state.seconds_left) return say(t("expired"), t("overSaid"), "bad");
    if (state.outside) return say(t("outside"), t("outsideSaid"));
    return wallets();
  }
  function broken(error) {
    say(error.title[language], error.detail[language], "bad");
    if (error.again) button("plain", t("again"), function () { location.reload(); });
  }
  function paid() {
    if (!state.proof) return say(t("paid"), t("paidSaid"), "good");
    say(t("proof"), "", "good");
    var picture = add("img");
    picture.id = "proof";
    picture.alt = t("proof");
    picture.src = state.proof.png;
    return add("p", "quiet", t("proofSaid", { wallet: t(state.wallet), amount: money(state.amount_fen) }));
  }
  function wallets() {
    var offered = state.app ? [state.app] : state.wallets;
    if (cancelled) say(t("cancelled"), t("cancelledSaid"));
    if (state.wallet && state.offer) {
      var mine = !state.in_app || state.app === state.wallet;
      if (busy || !cancelled) say(busy ? t("busy") : t("waiting", { wallet: t(state.wallet) }), mine ? t("pressed") : "");
      if (mine) button(state.wallet, t("open", { wallet: t(state.wallet) }), function () { state.in_app ? choose(state.wallet) : open(); });
    } else if (busy) say(t("busy"), "");
    var others = offered.filter(function (one) { return state.wallets.indexOf(one) >= 0 && one !== (state.offer ? state.wallet : ""); });
    others.forEach(function (one) {
      if (state.wallet && state.wallet !== one) button("plain", t("change", { wallet: t(one) }), function () { choose(one); });
      else button(one, t("pay", { wallet: t(one) }), function () { choose(one); });
    });
    if (state.wallet && state.offer && others.length) add("p", "quiet", t("changing"));
    if (!state.wallet && !others.length && !busy) say(t("none"), t("noneSaid"), "bad");
    add("div", "spacer");
    if (state.seconds_left) add("p", "quiet", t("left", { m: Math.ceil(state.seconds_left / 60) }));
    return undefined;
  }

  function look() {
    var mine = (asked += 1);
    send("GET", "/state", null, function (found) {
      if (mine < newest) return; // of two on their way the older may come last, and would offer a paid order once more
      if (found && !found.error && !busy) {
        newest = mine;
        if (state.outside) found.outside = true;
        found.seconds_left = found.seconds_left && Math.ceil(found.seconds_left / 60) * 60;
        state = found;
      }
      paint();
    });
  }
  function follow() {
    if (!state.error && state.state !== "paid" && !document.hidden) look();
    setTimeout(follow, EVERY_MS);
  }

  paint();
  if (!state.error) {
    if (payer && state.app && !state.over && state.state === "free" && state.wallets.indexOf(state.app) >= 0) choose(state.app);
    document.addEventListener("visibilitychange", function () { if (!document.hidden && state.state !== "paid") look(); });
    window.addEventListener("pageshow", function () { if (state.state !== "paid") look(); });
    if (location.search && history.replaceState) history.replaceState(null, "", path);
    setTimeout(follow, EVERY_MS);
  }
})();
