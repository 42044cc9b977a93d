/** A shell pattern (fnmatch(7), whole name) as an anchored regular expression that JavaScript and `grep -E` read alike. */
export const fnmatchExpression = (glob: string): string =>
  `^${glob.replace(/\[!?[^\]]*\]|./gs, (part) =>
    part === '*' ? '.*' : part === '?' ? '.' : part.length > 1 ? part.replace('[!', '[^') : part.replace(/[.+^$(){}|\\[\]]/, '\\$&'),
  )}$`

/** Matches what the shell pattern matches. */
export const fnmatch = (glob: string): RegExp => new RegExp(fnmatchExpression(glob))
