/** The rules for user names and passwords, each told apart so that a refusal names the broken one. */

export function userNameProblem(name: string): string | undefined {
  if (name.length > 63) return "must be at most 63 characters long";
  if (!/^[a-zA-Z]/.test(name)) return "must start with a letter";
  if (!/^[a-zA-Z0-9_$-]*$/.test(name)) return "may contain only a-z, A-Z, 0-9, _, $ and -";
  if (/^(_rdb|pg_)/i.test(name)) return "must not begin with _rdb or pg_";
  if (["public", "none"].includes(name)) return "must not be public or none, which PostgreSQL reserves";
  return undefined;
}

export function passwordProblem(password: string): string | undefined {
  const length = [...password].length;
  if (length < 8 || length > 128) return "must be 8 to 128 characters long";
  if (!password.isWellFormed()) return "must be well-formed Unicode";
  if (hasControlCharacter(password)) return "must not contain control characters";
  if (invisible.test(password)) return "must not contain invisible characters";
  if (!/[0-9]/.test(password)) return "must contain at least one digit";
  if (!/[A-Z]/.test(password)) return "must contain at least one upper case letter";
  if (!/[a-z]/.test(password)) return "must contain at least one lower case letter";
  if (!/[^a-zA-Z0-9]/.test(password)) return "must contain at least one special character";
  return undefined;
}

/** SASLprep leaves them out or makes spaces of them: some clients would send another password than was set. */
const invisible = /[\p{Default_Ignorable_Code_Point}\u1680\u1806]/u;

export function labelProblem(text: string, maxLength = 255): string | undefined {
  if ([...text].length > maxLength) return `must be at most ${maxLength} characters long`;
  if (!text.isWellFormed()) return "must be well-formed Unicode";
  if (hasControlCharacter(text) || /[\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text)) {
    return "must not contain control characters";
  }
  return undefined;
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 32 || (code >= 127 && code < 160);
  });
}
