/** axe on every kind of page, in both themes, in ordinary and in awkward states (A1). */
import { discardDraft, dress, everyPage, expect, expectAccessible, suspend, test, THEMES, walk } from '../fixtures/index.ts'

for (const theme of THEMES) {
  // In parts, so that both workers have something to do.
  for (const part of [0, 1, 2, 3]) {
    test(`axe finds nothing on any page, ${theme}, part ${part + 1} of 4`, async ({ as }) => {
      test.slow()
      const page = await as('operator')
      await dress(page, theme)
      await walk(page, everyPage().filter((_, at) => at % 4 === part))
    })
  }
}

test('nor on pages with errors, menus and details open, nor on those of a suspended or leaving tenant', async ({ as, tenant }) => {
  test.slow()
  const page = await as('operator')
  const check = async (path: string) => {
    await page.goto(path)
    await expectAccessible(page)
  }
  await page.goto('/tenants/new')
  await page.getByText('Preview contents of Baseline').click()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/identity$/)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert').first()).toBeVisible()
  await expectAccessible(page)
  await discardDraft(page)

  await page.goto('/tenants')
  await page.getByRole('search').getByText('Status', { exact: true }).first().click()
  await expectAccessible(page)
  await page.getByLabel(/^Account: /).click()
  // What the open menu covers in part is nobody's target until it closes.
  await expectAccessible(page, { exclude: ['main'] })

  await suspend(page, tenant.slug, { why: 'Inactivity', scope: 'Blocked', reason: 'Nobody came.' })
  await expectAccessible(page)
  await check(`/tenants/${tenant.slug}/reinstate`)
  await check(`/tenants/${tenant.slug}/suspend`)
  await check(`/tenants/${tenant.slug}/api-keys`)

  // One of the demo fleet that is leaving: its runbook and countdown.
  await page.goto('/tenants?status=offboarding')
  await page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader').getByRole('link').first().click()
  await expectAccessible(page)
  await page.getByRole('navigation', { name: 'Tenant sections' }).getByRole('link', { name: 'Offboarding' }).click()
  await expectAccessible(page)

  await page.goto('/audit')
  await page.getByRole('table', { name: 'Audit log' }).getByRole('rowheader').getByRole('link').first().click()
  await expectAccessible(page)
})

test('the pages of those who are not signed in, and of customer success', async ({ page, as }) => {
  await page.goto('/sign-in')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expectAccessible(page)
  const success = await as('success')
  for (const path of ['/health', '/tenants', '/tenants/new']) {
    await success.goto(path)
    await expectAccessible(success)
  }
})
