/** What an upload's worker loads. */

import { createGlue as manage } from "../../wasm/manage.glue.js";
import { createGlue as spreadsheets } from "../../wasm/spreadsheets.glue.js";
import { createGlue as xlsx } from "../../wasm/xlsx.glue.js";
import type { Port } from "./messages.js";
import { serve } from "./thread.js";

const port = globalThis as unknown as Port;
const glues = { manage, xlsx, spreadsheets };
const locks = globalThis.navigator?.locks;

if (locks === undefined) serve(port, glues, null);
else {
  // Held until this thread is no more; the page waits for it behind.
  const name = `coupon-pools-upload-${crypto.randomUUID()}`;
  locks
    .request(name, () => {
      serve(port, glues, name);
      return new Promise(() => undefined);
    })
    .catch(() => serve(port, glues, null));
}
