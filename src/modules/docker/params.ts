import { z } from 'zod'
import { text } from '../../module/params.ts'

/** A name as Docker takes it for containers, volumes and networks. */
export const dockerName = () =>
  text().refine((name) => /^[A-Za-z0-9][A-Za-z0-9_.-]+$/.test(name), {
    error: 'expected at least two letters, digits, "_", "." or "-", beginning with a letter or digit',
  })

/** Texts by name. */
export const texts = () => z.record(z.string().min(1), text(), { error: 'expected a mapping of names to texts' })
