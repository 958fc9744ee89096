import { accessContract } from "./access-contract.ts";
import { createMemoryAccess } from "./memory-access.ts";

accessContract("memory", async () => {
  const access = createMemoryAccess();
  return {
    access,
    mayReach: async (user, key) => access.mayReach(user, key),
    [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
  };
});
