import { computeContract } from "../compute-contract.ts";
import { createMemoryCompute } from "./memory-compute.ts";

computeContract("memory", async () =>
  Object.assign(createMemoryCompute(), { async [Symbol.asyncDispose]() {} }),
);
