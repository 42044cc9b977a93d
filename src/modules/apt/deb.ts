import { debPackage, isInstalled, type Package } from '../../facts/package.ts'
import type { Plan } from '../../module/define.ts'
import { join, raw, type Sh, sh } from '../../module/shell.ts'
import { type AptAnswers, fromUrl, isDue, isUrl } from './facts.ts'
import { aptStep, around, options, updated } from './script.ts'
import { compareVersions } from './version.ts'
import type { Want } from './want.ts'

const withoutEpoch = (version: string | undefined): string | undefined => version?.replace(/^\d+:/, '')

/** A higher version stays, unless it may be replaced. */
const satisfied = (want: Want, is: Package | undefined, version: string): boolean =>
  is !== undefined &&
  isInstalled(is) &&
  is.version !== undefined &&
  (is.version === version || (!want.allow_downgrade && !want.force && compareVersions(is.version, version) > 0))

/** Installing .deb files, those with a URL fetched on the host first; apt brings what they depend on. */
export function planDebs(want: Want, is: AptAnswers): Plan {
  const due = isDue(want, is.cache)
  const urls = (want.deb ?? []).filter(isUrl).filter((url) => !isThere(url, want, is))
  const paths = (want.deb ?? []).filter((deb) => !isUrl(deb))
  const there = is.files.filter((file) => file !== undefined)
  const needed = paths.filter((_, i) => {
    const file = is.files[i]
    return file === undefined || want.force || !satisfied(want, is.debs[there.indexOf(file)], file.version)
  })
  if (urls.length + needed.length === 0) return { changes: [] }
  const made = is.files.flatMap((file, i) =>
    file && needed.includes(paths[i]!)
      ? [debPackage(file.name).will((before) => ({ ...before, state: 'installed', version: file.version }))]
      : [],
  )
  return {
    changes: [
      {
        summary: `install ${[...needed, ...urls].join(', ')}`,
        steps: [aptStep(want, around(want, due, [install(want, needed, urls)]))],
        makes: [...updated(due), ...made],
        opaque: true,
      },
    ],
  }
}

/** What a URL leads to is known by its file name alone; it has no epoch there. */
function isThere(url: string, want: Want, is: AptAnswers): boolean {
  const named = fromUrl(url)
  const known = (want.deb ?? []).filter(isUrl).filter((deb) => fromUrl(deb) !== undefined)
  const found = is.named[known.indexOf(url)]
  return (
    named !== undefined &&
    found !== undefined &&
    !want.force &&
    isInstalled(found) &&
    withoutEpoch(found.version) === withoutEpoch(named.version)
  )
}

// apt-helper comes with apt and fetches as apt does, by its proxies and certificates.
const fetchUrl = (url: string, i: number): Sh =>
  sh`d="$t/${raw(String(i))}.deb"; /usr/lib/apt/apt-helper download-file ${url} "$d" 2>"$e" >&2 || { echo ${`Failed to download ${url}:`} >&2; cat "$e" >&2; exit 1; }
v=$(dpkg-deb -f "$d" Version) && n=$(dpkg-deb -f "$d" Package) || exit
[ "$(dpkg-query -W -f=${'${db:Status-Status} ${Version}'} -- "$n" 2>/dev/null)" = "installed $v" ] || set -- "$@" "$d"`

const install = (want: Want, paths: readonly string[], urls: readonly string[]): Sh =>
  sh`{ set -- ${paths}
for d do [ -f "$d" ] || { echo "E: Unable to install package: there is no file $d" >&2; exit 1; }; done
chmod 0755 "$t"
${join(urls.map(fetchUrl), '\n')}
[ $# -eq 0 ] || apt_get ${options(want)} ${want.allow_downgrade || want.force ? '--allow-downgrades' : []} install -- "$@"; }`
