// The first paint of a page in a real Chromium, as the median of five: node paint.mjs URL
import { Browser } from "./tests/browser.mjs";

const seen = [];
for (let run = 0; run < 5; run++) {
  const browser = await Browser.start();
  try {
    await browser.size(1280, 900);
    await browser.open(process.argv[2]);
    const paint = "performance.getEntriesByName('first-contentful-paint')[0]";
    await browser.until(paint);
    seen.push(await browser.value(`(() => {
      const at = ${paint}.startTime;
      const ended = performance.getEntriesByType('resource').filter((one) => one.responseEnd > 0 && one.responseEnd <= at);
      return { paint: Math.round(at), requests: 1 + ended.length };
    })()`));
  } finally {
    browser.stop();
  }
}
seen.sort((one, other) => one.paint - other.paint);
console.log(JSON.stringify(seen[2]));
