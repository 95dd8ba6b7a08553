// The flow of the benchmark as somebody writes it by hand for Playwright:
//   node flow.mjs URL LOGIN PASSWORD ADDRESS
// signs in, reads all members over all pages, removes the one with this address after looking at the
// dialog, and reads again. It takes the same three pictures as Rollbook does. Prints the seconds from
// before the browser starts until the member is seen to be gone.
import { chromium } from "playwright-core";

const [url, login, password, address] = process.argv.slice(2);
const begun = performance.now();
const isRoot = process.getuid() === 0;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: isRoot ? ["--no-sandbox"] : [],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });

await page.goto(`${url}/login`);
await page.getByLabel("Email").fill(login);
await page.getByLabel("Password").fill(password);
await page.getByRole("button", { name: "Log in" }).click();
await page.getByRole("link", { name: "Log out" }).waitFor();
await page.getByRole("button", { name: "Only necessary" }).click();

const table = page.getByRole("table", { name: "Team Members" });
const next = page.getByRole("button", { name: "Next", exact: true });
const addresses = () => table.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.cells[1].innerText));

// The addresses on the page that is open, when they are there and not those of before.
async function rows(before) {
  for (;;) {
    const busy = await table.locator("tbody").getAttribute("aria-busy");
    const now = await addresses();
    if (busy !== "true" && now.length > 0 && now.join() !== before) return now;
    await page.waitForTimeout(10);
  }
}

async function each(visit) {
  await page.goto(`${url}/team`);
  for (let before = ""; ; ) {
    const now = await rows(before);
    if (await visit(now)) return;
    if (!(await next.isEnabled())) return;
    before = now.join();
    await next.click();
  }
}

async function read() {
  const all = [];
  await each(async (now) => { all.push(...now); return false; });
  const told = Number((await page.getByText(/^\d+ members$/).innerText()).replace(/\D/g, ""));
  if (told !== all.length) throw new Error(`The page says ${told} and ${all.length} were read.`);
  return all;
}

const before = await read();
if (before.filter((it) => it === address).length !== 1) throw new Error(`${address} is not there once.`);
await each(async (now) => now.includes(address));
await page.screenshot();
const row = table.getByRole("row").filter({ has: page.getByRole("cell", { name: address, exact: true }) });
await row.getByRole("button", { name: /^Actions for / }).click();
await row.getByRole("menuitem", { name: "Remove from Team" }).click();
const dialog = page.getByRole("dialog", { name: "Remove from Team" });
if (!(await dialog.innerText()).includes(`(${address})`)) throw new Error("The dialog is about somebody else.");
await page.screenshot();
await dialog.getByRole("button", { name: "Remove", exact: true }).click();
await page.getByText("was removed from the team.").waitFor();
const after = await read();
if (after.includes(address) || after.length !== before.length - 1) throw new Error("It does not show.");
await page.screenshot();
const seconds = (performance.now() - begun) / 1000;
await browser.close();
console.log(seconds.toFixed(3));
