import type { AnyModule } from '../module/define.ts'
import { apache2Conf } from './apache2-conf.ts'
import { apache2Module } from './apache2-module.ts'
import { apache2Site } from './apache2-site.ts'
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
import { deb822Repository } from './deb822-repository.ts'
import { debug } from './debug.ts'
import { dockerContainer } from './docker-container.ts'
import { dockerImage } from './docker-image.ts'
import { dockerNetwork } from './docker-network.ts'
import { dockerPrune } from './docker-prune.ts'
import { dockerVolume } from './docker-volume.ts'
import { fail } from './fail.ts'
import { file } from './file.ts'
import { getUrl } from './get-url.ts'
import { group } from './group.ts'
import { letsencryptCertificate } from './letsencrypt-certificate.ts'
import { lineinfile } from './lineinfile.ts'
import { matrixUser } from './matrix-user.ts'
import { matrixVerify } from './matrix-verify.ts'
import { meta } from './meta.ts'
import { pause } from './pause.ts'
import { postgresqlAlterSystem } from './postgresql-alter-system.ts'
import { postgresqlDb } from './postgresql-db.ts'
import { postgresqlPgHba } from './postgresql-pg-hba.ts'
import { postgresqlPrivs } from './postgresql-privs.ts'
import { postgresqlQuery } from './postgresql-query.ts'
import { postgresqlUser } from './postgresql-user.ts'
import { replace } from './replace.ts'
import { service } from './service.ts'
import { setFact } from './set-fact.ts'
import { setup } from './setup.ts'
import { shell } from './shell.ts'
import { slurp } from './slurp.ts'
import { stat } from './stat.ts'
import { systemdService } from './systemd-service.ts'
import { template } from './template.ts'
import { ufw } from './ufw.ts'
import { uri } from './uri.ts'
import { user } from './user.ts'
import { waitFor } from './wait-for.ts'
import { x509Certificate } from './x509-certificate.ts'
import { yamlFile } from './yaml-file.ts'

const ALL = [
  apache2Conf,
  apache2Module,
  apache2Site,
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
  deb822Repository,
  debug,
  dockerContainer,
  dockerImage,
  dockerNetwork,
  dockerPrune,
  dockerVolume,
  fail,
  file,
  getUrl,
  group,
  letsencryptCertificate,
  lineinfile,
  matrixUser,
  matrixVerify,
  meta,
  pause,
  postgresqlAlterSystem,
  postgresqlDb,
  postgresqlPgHba,
  postgresqlPrivs,
  postgresqlQuery,
  postgresqlUser,
  replace,
  service,
  setFact,
  setup,
  shell,
  slurp,
  stat,
  systemdService,
  template,
  ufw,
  uri,
  user,
  waitFor,
  x509Certificate,
  yamlFile,
]

/** Every module there is, by name, sorted. */
export const modules: ReadonlyMap<string, AnyModule> = new Map(ALL.map((module) => [module.name, module as AnyModule]))
