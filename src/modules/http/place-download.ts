import { raw, type Sh, sh } from '../../module/shell.ts'
import { lookUp, type WantedAttributes } from '../files/ownership.ts'

const PLACE = raw(`place() {
dir=\${f%/*}; dir=\${dir:-/}
[ -d "$dir" ] || refuse "Destination $dir does not exist"
[ -w "$dir" ] || refuse "Destination $dir is not writable"
! [ -d "$f" ] || refuse "Destination $f is a directory"
new=$(sha1sum <"$d/body"); old=
if [ -e "$f" ]; then [ -r "$f" ] || refuse "Destination $f is not readable"; old=$(sha1sum <"$f"); fi
changed=
if [ "$new" = "$old" ]; then
was=$(stat -L -c '%a %u %g' -- "$f"); attributes "$f"
[ "$was" = "$(stat -L -c '%a %u %g' -- "$f")" ] || changed=yes
else
t=$(mktemp -- "$dir/.mhprov.XXXXXXXXXX") || refuse "cannot write into $dir"
trap 'rm -rf -- "$d" "$t"' EXIT
cat "$d/body" >"$t" || refuse "cannot write $f: it was left as it was"
if [ -e "$f" ]; then chmod --reference="$f" -- "$t"; chown --reference="$f" -- "$t" 2>/dev/null || chgrp --reference="$f" -- "$t" 2>/dev/null
else (umask "$mask"; chmod =rw -- "$t"); fi
attributes "$t"
if [ -n "$backup" ] && [ -e "$f" ]; then
b=$f.$(exec sh -c 'echo "$PPID"').$(date '+%Y-%m-%d@%H:%M:%S~')
cp -p -- "$f" "$b" || refuse "cannot make a backup of $f"
tell backup_file "$b"
fi
mv -f -T -- "$t" "$f" || refuse "cannot replace $f"
changed=yes
fi
tell changed "$changed"
tell checksum_src "\${new%% *}"
tell md5sum "$(md5sum <"$f" | head -c 32)"
tell stat "$(stat -L -c '%a %u %g %s %h %U/%G' -- "$f")"
}`)

/**
 * Lines defining `place`: what is in `$d/body` becomes the file `$f` (a path with a slash in it), whole or not at all. Content and attributes that
 * are as wanted are left alone. Needs `hostReport`'s functions; `$mask` is the umask for a new file.
 */
export function placeDownload(want: WantedAttributes, backup: boolean): Sh {
  const id = (name: string) => (/^\d+$/.test(name) ? `+${name}` : name)
  const owner = want.owner === undefined ? '' : id(want.owner)
  const spec = want.group === undefined ? owner : `${owner}:${id(want.group)}`
  const mode = want.mode !== undefined && /^[0-7]+$/.test(want.mode) ? want.mode.padStart(5, '0') : want.mode
  const people = { ...(want.owner !== undefined && { owner: want.owner }), ...(want.group !== undefined && { group: want.group }) }
  return sh`backup=${backup ? 'yes' : ''}
${lookUp(people)}
attributes() {
${spec === '' ? raw(':') : sh`chown -- ${spec} "$1" || refuse 'chown failed'`}
${mode === undefined ? raw(':') : sh`chmod -- ${mode} "$1" || refuse 'chmod failed'`}
}
${PLACE}`
}

/** The keys of a result that tell of the file, from what `place` told. */
export function placedKeys(told: Readonly<Record<string, string>>): Record<string, unknown> {
  const [mode = '', uid, gid, size, links, names = ''] = (told.stat ?? '').split(' ')
  const slash = names.indexOf('/')
  return {
    mode: `0${mode.padStart(3, '0')}`,
    uid: Number(uid),
    gid: Number(gid),
    owner: names.slice(0, slash),
    group: names.slice(slash + 1),
    size: Number(size),
    state: Number(links) > 1 ? 'hard' : 'file',
    checksum_src: told.checksum_src,
    checksum_dest: told.checksum_src,
    md5sum: told.md5sum,
    ...(told.backup_file !== undefined && { backup_file: told.backup_file }),
  }
}
