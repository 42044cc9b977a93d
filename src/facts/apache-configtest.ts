import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** What Apache says of its configuration. */
export interface ApacheConfigtest {
  /** It was accepted; true also where there is no Apache to ask. */
  readonly ok: boolean
  /** What is wrong, on one line, with the line of the file that is meant. */
  readonly message: string
  /** The file it is about, as Apache names it; '' when it names none. */
  readonly file: string
}

/**
 * Defines `configtest COMMAND…`, which runs it, succeeds as it does, and otherwise leaves what it said in `said`, on one line, and
 * the file it named in `at`. An error within an included file names all files on the way; the last one is meant.
 */
export const CONFIGTEST = raw(`configtest() {
at=
said=$("$@" 2>&1 </dev/null) && { said=; return 0; }
said=$(printf '%s\\n' "$said" | sed -e '/^AH00558/d' -e "/^Action '/d" -e '/^The Apache error log may/d' -e 's/^\\[[^]]*\\] \\(\\[[^]]*\\] \\)*//')
n=$(printf '%s\\n' "$said" | sed -n 's/.* on line \\([0-9]*\\) of \\([^:]*\\):.*/\\1 \\2/p' | head -n 1)
said=$(printf '%s' "$said" | tr '\\n' ' ')
[ -z "$n" ] || at=\${n#* }
[ ! -f "$at" ] || said="$said (the line is: $(sed -n "\${n%% *}s/^[[:space:]]*//p" -- "$at"))"
return 1
}`)

/**
 * Whether Apache accepts its configuration; the key is always ''. Asked of apache2 itself: apache2ctl(8) would make the directories
 * in /run first.
 */
export const apacheConfigtest = factKind<'', ApacheConfigtest>({
  name: 'apache-configtest',
  script: () =>
    raw(`${CONFIGTEST}
apache_itself() { (. /etc/apache2/envvars; exec /usr/sbin/apache2 \${APACHE_ARGUMENTS-} -t); }
if [ ! -x /usr/sbin/apache2 ] || configtest apache_itself; then printf ok; else printf 'no\\000%s\\000%s' "$said" "$at"; fi`),
  parse: (stdout, keys) => {
    const [word, message = '', file = ''] = stdout.toString().split('\0')
    return keys.map(() => ({ ok: word === 'ok', message, file }))
  },
})
