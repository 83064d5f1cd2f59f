/** Pages with the elements in a real browser, under a policy that allows no inline script or style. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CouponPools } from "coupon-pools";
import { createHandler } from "coupon-pools/server";
import { toNode } from "coupon-pools/server/node";
import { memory } from "coupon-pools/stores/memory";
import { build } from "esbuild";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src data:",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html vue",
].join("; ");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STYLE = ":root { color-scheme: light dark } body { margin: 0; padding: 16px; background: Canvas }";

/** Which page, and what its address says to it. */
export interface Visited {
  page: Page;
  context: BrowserContext;
  /** Errors and warnings of the console and of scripts. */
  complaints: string[];
}

/** The pages, built once for a test file. */
export class Stand {
  private constructor(
    readonly folder: string,
    readonly server: Server,
    readonly browser: Browser,
  ) {}

  /** Builds these pages of `pages/` and starts the browser. */
  static async open(pages: readonly string[] = ["plain"]): Promise<Stand> {
    const folder = mkdtempSync(join(tmpdir(), "coupon-pools-elements-"));
    await build({
      entryPoints: pages.map((name) => fileURLToPath(new URL(`pages/${name}.ts`, import.meta.url))),
      outdir: folder,
      bundle: true,
      format: "esm",
      target: "es2022",
      conditions: ["browser"],
      define: {
        "process.env.NODE_ENV": '"production"',
        __VUE_OPTIONS_API__: "true",
        __VUE_PROD_DEVTOOLS__: "false",
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
      },
      logLevel: "warning",
    });
    const served = servedPools();
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      if (pathname.startsWith("/coupons/")) return served(request, response);
      const [, name = "", kind = ""] = pathname.match(/^\/(\w+)\.(html|js|css)$/) ?? [];
      if (kind === "html") {
        const script = `<script type="module" src="/${name}.js"></script>`;
        const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
          <title>Elements</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">${script}<main><h1>Host</h1><form></form></main></html>`;
        response
          .writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY })
          .end(page);
      } else if (kind === "css") response.writeHead(200, { "content-type": "text/css" }).end(STYLE);
      else if (pages.includes(name))
        response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(folder, `${name}.js`)));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    return new Stand(folder, server, await chromium.launch({ executablePath, args: FLAGS }));
  }

  /** Opens a page: `plain?element=coupon-pool-form`. */
  async visit(address: string, options: BrowserContextOptions = {}): Promise<Visited> {
    const context = await this.browser.newContext({
      acceptDownloads: true,
      locale: "en-GB",
      timezoneId: "UTC",
      ...options,
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") complaints.push(line.text());
    });
    page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
    const [name = "plain", search = ""] = address.split("?");
    const { port } = this.server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/${name}.html?${search}`);
    await page
      .locator("body[data-ready]")
      .waitFor()
      .catch((error) => {
        throw new Error(`The page did not become ready: ${complaints.join("\n")}`, { cause: error });
      });
    return { page, context, complaints };
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Pools behind a server, for pages that say `served`: a tenant called `filled`, and empty ones of any other name. */
function servedPools() {
  const tenants = new Map<string, CouponPools>();
  let filled: Promise<unknown> | undefined;
  const handler = createHandler({
    base: "/coupons",
    rate: false,
    exportRemaining: true,
    authorize: (request) => request.headers.get("x-tenant"),
    pools: async (tenant) => {
      if (tenant === "filled") {
        const { fill, pools } = await import("./pages/host.js");
        filled ??= fill();
        await filled;
        return pools;
      }
      const pools = tenants.get(tenant) ?? new CouponPools({ store: memory() });
      tenants.set(tenant, pools);
      return pools;
    },
  });
  return toNode(handler);
}

/** What axe finds wrong with a page: each rule with the elements that break it. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } };
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(" ")} ${failureSummary}`).join(" | ")}`,
    );
  });
}

interface AxeResult {
  violations: { id: string; nodes: { target: (string | string[])[]; failureSummary: string }[] }[];
}
