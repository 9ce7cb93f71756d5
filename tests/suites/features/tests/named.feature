Feature: Gifts
  Scenario: One is there
    Given a basket
    And a gift
    Then it holds 1 thing
