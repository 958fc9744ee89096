import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordProblem, userNameProblem } from "./credentials.ts";

test("a user's name is one that PostgreSQL gives a role", () => {
  for (const name of ["app", "Admin", "a$b-c_9", "postgres", "current_user", "a".repeat(63)]) {
    assert.equal(userNameProblem(name), undefined, name);
  }
  for (const name of ["public", "none"]) {
    assert.equal(userNameProblem(name), "must not be public or none, which PostgreSQL reserves", name);
  }
  for (const name of ["1a", "_a", "a b", "é", "pg_a", "PG_a", "a".repeat(64)]) {
    assert.notEqual(userNameProblem(name), undefined, name);
  }
});

test("a password that clients would change before they send it is refused", () => {
  for (const special of ["é", "e\u0301", "\ufb01", "\u{1f600}", " ", "\u00a0"]) {
    assert.equal(passwordProblem(`Passw0rd${special}!`), undefined, special);
  }
  for (const special of [
    "\u2764\ufe0f",
    "\u00ad",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u1806",
    "\u1680",
  ]) {
    assert.equal(passwordProblem(`Passw0rd${special}!`), "must not contain invisible characters", special);
  }
});
