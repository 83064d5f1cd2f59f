/** Work in a process of its own, so that its memory is its own too. */

import { fork } from "node:child_process";

/** Runs a program with arguments; gives the last message that it sent. `name` names it where it fails. */
export function alone(name, program, args) {
  return new Promise((resolve, reject) => {
    const child = fork(program, args, { execArgv: [] });
    let answered;
    child.on("message", (answer) => {
      answered = answer;
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 && answered !== undefined ? resolve(answered) : reject(new Error(`${name} ended with ${code}`)),
    );
  });
}
