import type { AnyModule } from '../module/define.ts'
import { assert } from './assert.ts'
import { command } from './command.ts'
import { debug } from './debug.ts'
import { fail } from './fail.ts'
import { group } from './group.ts'
import { lineinfile } from './lineinfile.ts'
import { meta } from './meta.ts'
import { pause } from './pause.ts'
import { service } from './service.ts'
import { setFact } from './set-fact.ts'
import { shell } from './shell.ts'
import { systemdService } from './systemd-service.ts'

/** Every module there is, by name, sorted. */
export const modules: ReadonlyMap<string, AnyModule> = new Map(
  [assert, command, debug, fail, group, lineinfile, meta, pause, service, setFact, shell, systemdService].map((module) => [
    module.name,
    module as AnyModule,
  ]),
)
