/** The end of a trial by hand (R9): a later day for it, or none, because it has become a customer. And who suspends. */
import type { Page } from '@playwright/test'
import { action, expect, expectAccessible, suspend, test } from '../fixtures/index.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A day so many days from now, as a date field takes it and as the pages write it. */
function day(days: number): { typed: string; written: string } {
  const at = new Date(Date.now() + days * 86_400_000)
  return {
    typed: at.toISOString().slice(0, 10),
    written: `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`,
  }
}

const told = (page: Page, text: string | RegExp) => expect(page.getByRole('status').filter({ hasText: text })).toBeVisible()
const refused = (page: Page) => expect(page.getByRole('alert').filter({ hasText: /problem/ })).toBeVisible()

for (const script of [true, false]) {
  test.describe(script ? 'a trial, with a script' : 'a trial, without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('it is extended, and then made a customer', async ({ as, tenant }) => {
      const page = await as('operator')
      const lastDay = page.getByLabel('New last day', { exact: true })

      await test.step('a day too far away is refused, and what was typed stays', async () => {
        await page.goto(`/tenants/${tenant.slug}`)
        await (await action(page, 'Extend trial…')).click()
        await expect(page.getByRole('heading', { level: 1, name: `Extend trial: ${tenant.name}` })).toBeVisible()
        await expect(lastDay).toHaveValue(/^\d{4}-\d\d-\d\d$/)
        if (script) await expectAccessible(page)
        await lastDay.fill(day(200).typed)
        await page.getByRole('button', { name: 'Extend trial' }).click()
        await refused(page)
        await expect(lastDay).toHaveAttribute('aria-invalid', 'true')
        await expect(lastDay).toHaveValue(day(200).typed)
        await expect(page.getByLabel('Reason')).toHaveAttribute('aria-invalid', 'true')
        await expect(page.getByText(/At most 90 days from today/).first()).toBeVisible()
        if (script) await expectAccessible(page)
      })

      await test.step('a later day is taken, and the tenant’s page says so', async () => {
        const later = day(60)
        await lastDay.fill(later.typed)
        await page.getByLabel('Reason').fill('Their board meets next month.')
        await page.getByRole('button', { name: 'Extend trial' }).click()
        await told(page, `The trial of ${tenant.name} ends on ${later.written} now.`)
        await expect(page.getByText(/^Trial · 6\d days left$/).first()).toBeVisible()
        await page.goto(`/tenants/${tenant.slug}/audit`)
        await expect(page.getByText('Their board meets next month.').first()).toBeVisible()
      })

      await test.step('another plan does not end the trial, and says so', async () => {
        await page.goto(`/tenants/${tenant.slug}/plan?plan=enterprise`)
        await page.getByRole('button', { name: 'Change to Enterprise', exact: true }).click()
        await told(page, `It is on trial still, until ${day(60).written}`)
      })

      await test.step('converted it is active, with no end, and can be converted no more', async () => {
        await (await action(page, 'Convert to customer…')).click()
        await expect(page.getByRole('heading', { level: 1, name: `Convert to customer: ${tenant.name}` })).toBeVisible()
        if (script) await expectAccessible(page)
        await page.getByRole('button', { name: 'Convert to customer' }).click()
        await refused(page)
        await page.getByLabel('Reason').fill('Contract 17 is signed.')
        await page.getByRole('button', { name: 'Convert to customer' }).click()
        await told(page, `${tenant.name} is a customer now`)
        await expect(page.getByText('Active', { exact: true }).first()).toBeVisible()
        await expect(page.getByRole('link', { name: /^(Convert to customer|Extend trial)…$/, includeHidden: true })).toHaveCount(0)
        await page.goto(`/tenants/${tenant.slug}/convert`)
        await expect(page.getByText('A tenant that is active cannot be made a customer: only one on trial can.')).toBeVisible()
      })
    })
  })
}

test('customer success sees the trial and decides nothing about it', async ({ as, tenant }) => {
  const page = await as('success')
  for (const what of ['convert', 'extend-trial']) {
    expect((await page.goto(`/tenants/${tenant.slug}/${what}`))?.status(), what).toBe(403)
  }
  await page.goto(`/tenants/${tenant.slug}`)
  await expect(page.getByRole('link', { name: /^(Convert to customer|Extend trial)…$/, includeHidden: true })).toHaveCount(0)
})

test('a suspension says how pressing it is and whether a rule or a person made it', async ({ as, tenant }) => {
  const page = await as('operator')
  await suspend(page, tenant.slug, { why: 'Security incident', scope: 'Read-only', reason: 'A key leaked.' })
  await expect(page.getByText('P0 · by hand').first()).toBeVisible()
  await page.goto(`/tenants/${tenant.slug}/reinstate`)
  await expect(page.getByText('P0 · by hand').first()).toBeVisible()
})
