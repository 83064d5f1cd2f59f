/** Workbooks that pages upload: one for each reader of spreadsheets, so that every file of the engine is looked for. */

import { readFileSync } from "node:fs";

const FILES = ["openpyxl/files/title-above.xlsx", "libreoffice/files/title-above.ods"];

/** In base64. */
export const WORKBOOKS = FILES.map((file) =>
  readFileSync(new URL(`../fixtures/sheets/${file}`, import.meta.url)).toString("base64"),
);

/** What a page's `upload` says of 30,000 codes and of these: the second workbook holds the codes of the first. */
export const UPLOADED = [30_000, 3, 0];

/** What it says where there is no worker. */
export const NO_WORKER = UPLOADED.map(() => "WORKER_UNAVAILABLE");
