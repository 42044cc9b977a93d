import { z } from 'zod'
import { bool, int, list, text } from '../../module/params.ts'
import { parseSpec } from './spec.ts'

const upgrade = z
  .union([z.boolean(), z.enum(['no', 'yes', 'safe', 'full', 'dist'])], { error: 'expected one of no, yes, safe, full, dist' })
  .transform((value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : value))
  .meta({ json: { enum: ['no', 'yes', 'safe', 'full', 'dist', true, false] } })

export const params = z
  .strictObject({
    name: list()
      .superRefine((names, context) => {
        for (const name of names)
          if (parseSpec(name) === undefined)
            context.addIssue({
              code: 'custom',
              message: `"${name}" is not a package: expected name, name=version, name>=version, name/release or a pattern`,
            })
      })
      .meta({ aliases: ['package', 'pkg'] })
      .optional()
      .describe('Packages: name, name:arch, name=1.2, name=1.2*, name>=1.2, name/release, or a shell pattern. All in one step.'),
    state: z
      .enum(['present', 'latest', 'absent', 'build-dep', 'fixed'])
      .default('present')
      .describe(
        'present installs what is missing; latest upgrades too; absent removes; build-dep installs what building them needs; fixed repairs.',
      ),
    update_cache: bool()
      .meta({ aliases: ['update-cache'] })
      .optional()
      .describe('Fetch the package lists first (apt-get update).'),
    update_cache_retries: int().default(5).describe('How often a failed update is tried again.'),
    update_cache_retry_max_delay: int().default(12).describe('Longest wait between two tries, in seconds.'),
    cache_valid_time: int().default(0).describe('Fetch the lists only when they are older than this many seconds. Implies update_cache.'),
    install_recommends: bool()
      .meta({ aliases: ['install-recommends'] })
      .optional()
      .describe('Whether recommended packages come along. Unset: as the host is configured.'),
    purge: bool().default(false).describe('Removing takes the configuration files too.'),
    autoremove: bool().default(false).describe('Remove packages that came for others and are no longer needed.'),
    autoclean: bool().default(false).describe('Remove fetched package files that can no longer be downloaded.'),
    clean: bool().default(false).describe('Remove all fetched package files.'),
    upgrade: upgrade.default('no').describe('Upgrade the host: yes and safe never remove a package, full and dist may.'),
    deb: list().optional().describe('.deb files to install: paths on the host, or URLs.'),
    default_release: text()
      .meta({ aliases: ['default-release'] })
      .optional()
      .describe('Release to prefer (apt-get -t).'),
    only_upgrade: bool().default(false).describe('Install nothing that is not there already.'),
    allow_downgrade: bool()
      .meta({ aliases: ['allow-downgrade', 'allow_downgrades', 'allow-downgrades'] })
      .default(false)
      .describe('A version asked for may replace a higher one.'),
    allow_change_held_packages: bool().default(false).describe('Packages on hold may be changed.'),
    allow_unauthenticated: bool()
      .meta({ aliases: ['allow-unauthenticated'] })
      .default(false)
      .describe('Install packages whose origin cannot be verified.'),
    force: bool()
      .default(false)
      .describe('allow_unauthenticated, allow_downgrade and allow_change_held_packages together, and removing essential packages.'),
    fail_on_autoremove: bool().default(false).describe('Fail rather than remove any package (apt-get --no-remove).'),
    dpkg_options: text().default('force-confdef,force-confold').describe('Options for dpkg, separated by commas.'),
    policy_rc_d: int().optional().describe('Exit code of /usr/sbin/policy-rc.d while installing: 101 lets no service start.'),
    lock_timeout: int().default(60).describe('Seconds to wait for another apt or dpkg to finish.'),
    force_apt_get: bool().default(true).describe('Accepted; apt-get is always used.'),
    auto_install_module_deps: bool().default(true).describe('Accepted; nothing needs to be installed for this module.'),
  })
  .refine((want) => [want.deb !== undefined, want.name !== undefined, want.upgrade !== 'no'].filter(Boolean).length < 2, {
    error: 'parameters are mutually exclusive: deb|name|upgrade',
  })
  .refine(
    (want) =>
      want.name !== undefined ||
      want.deb !== undefined ||
      want.upgrade !== 'no' ||
      want.autoremove ||
      want.autoclean ||
      want.clean ||
      want.update_cache === true ||
      want.cache_valid_time > 0 ||
      want.state === 'fixed',
    { error: 'one of name, deb, upgrade, update_cache, autoremove, autoclean, clean is required' },
  )

export type Want = z.output<typeof params>

/** Whether the lists are to be fetched, and how old they may be, in seconds. */
export const updates = (want: Want): boolean => want.update_cache === true || want.cache_valid_time > 0
