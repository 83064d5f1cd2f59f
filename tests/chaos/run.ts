/** Runs the chaos on one database: processes that are killed and replaced, a server that is killed and restarted, then judges. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CouponPools } from "coupon-pools";
import { build } from "esbuild";
import { seeded } from "../../pkg/src/testing/random.js";
import { judge, type Verdict } from "./judge.js";
import { Log, readLog } from "./log.js";
import { type Database, type Engine, openStore, startDatabase } from "./places.js";
import type { ProcessNews, ProcessOrders } from "./process.js";
import { POOLS, type PoolName, Sender, type SenderOptions } from "./sender.js";

export interface ChaosOptions {
  engine: Engine;
  /** How many codes are drawn at least, as processes say. */
  draws: number;
  /** How often the server is killed meanwhile, and once more at the end. */
  serverKills: number;
  drawsAtOnce: number;
  uploadCodes: number;
  /** Milliseconds after which the run is given up. */
  patience: number;
  seed?: number;
  processes?: number;
  /** Milliseconds between two kills. */
  killEvery?: number;
}

export interface ChaosResult extends Verdict {
  engine: Engine;
  kills: number;
  serverRestarts: number;
  seconds: number;
}

/** An upload's lease of a minute then takes as long as two lives of a process, so that others take over what they leave. */
const CLOCK_SPEED = 30;

/** Longest a process may take to end when it is asked to, in milliseconds. */
const LAST_WORDS = 20_000;

/** So few that the same people come again, and so many that most draws are new. */
const contactsFor = (draws: number): number => Math.ceil(draws / 5);

interface Life {
  child: ChildProcess;
  /** Whether it has drawn, and so was at work when it was killed. */
  atWork: boolean;
  gone: Promise<void>;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const started = Date.now();
  const database = await startDatabase(options.engine);
  const folder = mkdtempSync(join(tmpdir(), "coupon-pools-chaos-"));
  try {
    const crowd = new Crowd(options, database, folder, await built());
    await crowd.prepare();
    await crowd.run();
    const { store, close } = await openStore(database);
    try {
      const verdict = await judge(crowd.logs().map(readLog), store, crowd.clock);
      const { kills, serverRestarts } = crowd;
      return { engine: options.engine, ...verdict, kills, serverRestarts, seconds: (Date.now() - started) / 1000 };
    } finally {
      await close();
    }
  } finally {
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The process as a few files of JavaScript with the clients inside, which start in a moment; the package under test is
 * the built one. They lie where they find the workspace's packages.
 */
async function built(): Promise<string> {
  const outdir = fileURLToPath(new URL(`../../node_modules/.chaos/${process.pid}`, import.meta.url));
  const entry = fileURLToPath(new URL("./process.ts", import.meta.url));
  await build({
    entryPoints: [entry],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    external: ["coupon-pools", "coupon-pools/*", "pg-native"],
    platform: "node",
    format: "esm",
    // The clients are CommonJS, and ask for Node's own modules.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  process.once("exit", () => rmSync(outdir, { recursive: true, force: true }));
  return join(outdir, "process.mjs");
}

class Crowd {
  kills = 0;
  serverRestarts = 0;
  readonly #lives: (Life | null)[] = [];
  readonly #births: number[] = [];
  readonly #began = Date.now();
  readonly #troubles: string[] = [];
  #drawn = 0;
  #ending = false;

  constructor(
    readonly options: ChaosOptions,
    readonly database: Database,
    readonly folder: string,
    readonly script: string,
  ) {}

  readonly clock = () => Math.round(this.#began + (Date.now() - this.#began) * CLOCK_SPEED);

  get #places(): number {
    return this.options.processes ?? 8;
  }

  logs(): string[] {
    return Array.from({ length: this.#places + 1 }, (_, place) => this.#log(place));
  }

  #log(place: number): string {
    return join(this.folder, `${place}.log`);
  }

  /** The pools, and their first codes. */
  async prepare(): Promise<void> {
    const { store, close } = await openStore(this.database);
    const pools = new CouponPools({ store, clock: this.clock });
    const { drawsAtOnce, uploadCodes, draws, seed = 1 } = this.options;
    const log = new Log(this.#log(this.#places));
    const limits = { drawsAtOnce, uploadCodes, contacts: contactsFor(draws) };
    const first: SenderOptions = {
      ...limits,
      pools,
      log,
      name: "first",
      life: 0,
      random: seeded(seed),
      clock: this.clock,
      onDrawn: () => {},
    };
    const sender = new Sender(first);
    for (const [handle, settings] of Object.entries(POOLS)) {
      await pools.create({ handle, kind: "static", ...settings });
      // Half of what will be drawn; the rest is uploaded while others draw.
      await sender.upload(handle as PoolName, Math.ceil(draws / Object.keys(POOLS).length / 2));
    }
    log.close();
    await close();
  }

  /** Until enough was drawn, and the server was killed as often as was asked for. */
  async run(): Promise<void> {
    const { options } = this;
    const random = seeded(options.seed ?? 1);
    const { server } = this.database;
    for (let place = 0; place < this.#places; place += 1) this.#bear(place);
    const deadline = Date.now() + options.patience;
    const planned = server?.kill === undefined ? 0 : options.serverKills;
    try {
      while (this.#drawn < options.draws || this.serverRestarts < planned) {
        if (this.#troubles.length > 0) throw new Error(this.#troubles.join("\n"));
        if (Date.now() > deadline) {
          throw new Error(`${this.#drawn} of ${options.draws} draws in ${options.patience / 1000} s: given up.`);
        }
        await sleep(options.killEvery ?? 200);
        const victims = this.#lives.flatMap((life, place) => (life?.atWork ? [place] : []));
        // Where lives begin more slowly than they end, nobody would get anywhere.
        if (victims.length > this.#places / 2) this.#kill(random.pick(victims));
        if (
          this.serverRestarts < planned &&
          this.#drawn > (options.draws * (this.serverRestarts + 1)) / (planned + 1)
        ) {
          await this.#restart();
        }
      }
      await this.#end();
      // What was told must be on the disk, not in the server's memory.
      if (planned > 0) await this.#restart();
      if (this.#troubles.length > 0) throw new Error(this.#troubles.join("\n"));
    } finally {
      this.#ending = true;
      for (const life of this.#lives) life?.child.kill("SIGKILL");
    }
  }

  async #restart(): Promise<void> {
    await this.database.server?.kill?.();
    await sleep(100);
    await this.database.server?.restart?.();
    this.serverRestarts += 1;
  }

  #kill(place: number): void {
    const life = this.#lives[place];
    this.kills += 1;
    life?.child.kill("SIGKILL");
  }

  /** Starts the next life at a place; when it was killed, another follows. */
  #bear(place: number): void {
    const life = this.#births[place] ?? 0;
    this.#births[place] = life + 1;
    const { drawsAtOnce, uploadCodes, draws, seed = 1 } = this.options;
    const { engine, at } = this.database;
    const orders: ProcessOrders = {
      place: { engine, at },
      log: this.#log(place),
      name: `p${place}`,
      life,
      seed: seed * 1_000_003 + place * 10_007 + life,
      began: this.#began,
      speed: CLOCK_SPEED,
      drawsAtOnce,
      uploadCodes,
      contacts: contactsFor(draws),
    };
    const child = fork(this.script, [JSON.stringify(orders)], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
    const gone = new Promise<void>((resolve) => {
      child.once("close", (code, signal) => {
        resolve();
        this.#lives[place] = null;
        if (signal !== "SIGKILL" && code !== 0) this.#troubles.push(`Process ${place} ended with ${code}:\n${said}`);
        else if (!this.#ending) this.#bear(place);
      });
    });
    const born: Life = { child, atWork: false, gone };
    child.on("message", (news: ProcessNews) => {
      born.atWork = true;
      this.#drawn += news.drawn;
    });
    this.#lives[place] = born;
  }

  /** Lets everybody finish their call. Whoever takes too long is killed, as on any other day. */
  async #end(): Promise<void> {
    this.#ending = true;
    const living = this.#lives.flatMap((life) => life ?? []);
    for (const { child } of living) if (child.connected) child.send("end");
    const late = sleep(LAST_WORDS).then(() => {
      for (const { child } of living) child.kill("SIGKILL");
    });
    const all = Promise.all(living.map(({ gone }) => gone));
    await Promise.race([all, late]);
    await all;
  }
}
