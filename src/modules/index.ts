import type { AnyModule } from '../module/define.ts'
import { apt } from './apt.ts'
import { assert } from './assert.ts'
import { blockinfile } from './blockinfile.ts'
import { cloudflareDns } from './cloudflare-dns.ts'
import { cloudflareTunnel } from './cloudflare-tunnel.ts'
import { cloudflareWorker } from './cloudflare-worker.ts'
import { cloudflareWorkerRoute } from './cloudflare-worker-route.ts'
import { cloudflareZoneCheck } from './cloudflare-zone-check.ts'
import { command } from './command.ts'
import { copy } from './copy.ts'
import { debug } from './debug.ts'
import { fail } from './fail.ts'
import { file } from './file.ts'
import { getUrl } from './get-url.ts'
import { group } from './group.ts'
import { lineinfile } from './lineinfile.ts'
import { meta } from './meta.ts'
import { pause } from './pause.ts'
import { replace } from './replace.ts'
import { service } from './service.ts'
import { setFact } from './set-fact.ts'
import { setup } from './setup.ts'
import { shell } from './shell.ts'
import { slurp } from './slurp.ts'
import { stat } from './stat.ts'
import { systemdService } from './systemd-service.ts'
import { template } from './template.ts'
import { uri } from './uri.ts'
import { user } from './user.ts'
import { waitFor } from './wait-for.ts'

const ALL = [
  apt,
  assert,
  blockinfile,
  cloudflareDns,
  cloudflareTunnel,
  cloudflareWorker,
  cloudflareWorkerRoute,
  cloudflareZoneCheck,
  command,
  copy,
  debug,
  fail,
  file,
  getUrl,
  group,
  lineinfile,
  meta,
  pause,
  replace,
  service,
  setFact,
  setup,
  shell,
  slurp,
  stat,
  systemdService,
  template,
  uri,
  user,
  waitFor,
]

/** Every module there is, by name, sorted. */
export const modules: ReadonlyMap<string, AnyModule> = new Map(ALL.map((module) => [module.name, module as AnyModule]))
