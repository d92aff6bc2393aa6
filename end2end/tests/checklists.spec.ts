/** Checklists: what proves itself, what a person says, what is waived, and what stands in a leaving tenant’s way (R97). */
import { expect, test } from '../fixtures/index.ts'

test('contacts prove their item by being there', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/onboarding?item=contacts`)
  await page.getByLabel('Support contact').fill('support@example.com')
  await page.getByLabel('Escalation contact').fill('boss@example.com')
  await page.getByRole('button', { name: 'Save contacts' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'The contacts are saved.' })).toBeVisible()
  await page.goto(`/tenants/${tenant.slug}`)
  await expect(page.getByRole('region', { name: 'Contacts' })).toContainText('boss@example.com')
})

test('a tenant that leaves is shown its runbook, not its onboarding', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants?status=offboarded')
  await page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader').getByRole('link').first().click()
  await expect(page.getByRole('link', { name: 'Open runbook' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Next steps' })).toHaveCount(0)
})
