"""What a time to come would bring: runs and triggers decided for real customers, nothing sent and nothing written."""

from ccm.batch.simulate.run import Simulation, simulate
from ccm.batch.simulate.scenario import Scenario, scenario_of

__all__ = ["Scenario", "Simulation", "scenario_of", "simulate"]
