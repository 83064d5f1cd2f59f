/** `coupon-pools/testing`: the store contract, and stores that fail on purpose. */

export type { Capabilities, Opened, StoreContractOptions, TestContext, TestFunctions } from "./contract.js";
export { runStoreContract } from "./contract.js";
export type { FaultPlan } from "./faulty.js";
export { faulty, LostConnection } from "./faulty.js";
