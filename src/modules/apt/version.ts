/** Splits [epoch:]upstream[-revision] (deb-version(7)). */
function parts(version: string): [epoch: number, upstream: string, revision: string] {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? []
  const dash = rest.lastIndexOf('-')
  return dash < 0 ? [Number(epoch), rest, ''] : [Number(epoch), rest.slice(0, dash), rest.slice(dash + 1)]
}

/** `~` sorts before the end, letters before everything else. */
const order = (char: string | undefined): number =>
  char === undefined || /\d/.test(char) ? 0 : char === '~' ? -1 : /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256

function compareText(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    while ((i < a.length && !/\d/.test(a[i]!)) || (j < b.length && !/\d/.test(b[j]!))) {
      const difference = order(a[i]) - order(b[j])
      if (difference !== 0) return difference
      if (i < a.length) i++
      if (j < b.length) j++
    }
    const [m] = /^\d*/.exec(a.slice(i))!
    const [n] = /^\d*/.exec(b.slice(j))!
    const difference = BigInt(m || 0) - BigInt(n || 0)
    if (difference !== 0n) return difference < 0n ? -1 : 1
    i += m.length
    j += n.length
  }
  return 0
}

/** Orders two versions as dpkg does: negative, 0 or positive (deb-version(7), "Sorting algorithm"). */
export function compareVersions(a: string, b: string): number {
  const [aEpoch, aUpstream, aRevision] = parts(a)
  const [bEpoch, bUpstream, bRevision] = parts(b)
  return aEpoch - bEpoch || compareText(aUpstream, bUpstream) || compareText(aRevision, bRevision)
}
