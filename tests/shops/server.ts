/** A stand-in on a port of the loopback, for hosts that fetch by address. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Line } from "./line.js";

export interface Served {
  /** The base of the shop's API, with a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/** Serves what a line leads to. Where the line gives no answer, the connection is cut. */
export async function serve(line: Line): Promise<Served> {
  const server: Server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const headers: Record<string, string> = {};
      for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
        headers[capitalised(request.rawHeaders[at] ?? "")] = request.rawHeaders[at + 1] ?? "";
      }
      const { method = "GET", url = "/" } = request;
      line.carry({ method, path: url.slice(1), headers, body: Buffer.concat(pieces).toString() }).then(
        ({ status, headers, body }) => response.writeHead(status, headers).end(body),
        () => request.socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Names of headers as they are usually written, whoever sent them. */
function capitalised(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
