// The endpoints of every provider: what the sources name, merged, balanced and remembered. The one
// door for the engine. Pure over a given `now`: it asks its sources but neither waits nor touches
// the disk. Belongs to one thread.
//
//   Directory directory(options, services);
//   directory.restore(read_last_good(path).lists, now);      // at start
//   for (const Error& problem : directory.refresh(now).problems) …   // at start, then now and
//   again if (auto lists = directory.take_unsaved(now)) write_last_good(path, *lists);   // on the
//   CPU pool auto endpoint = directory.pick("yahoo", now.elapsed, random, avoid); …
//   endpoint->base_url() … endpoint->settle(later, endpoint_verdict(error.error_class()), latency);
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/discovery/balancer.hpp"
#include "vortex/discovery/last_good.hpp"
#include "vortex/discovery/remembered_source.hpp"

namespace vortex {

// Both readings of the clock at one moment: ages are counted in elapsed time, kept in calendar
// time.
struct DirectoryTime {
  Monotonic elapsed;
  TimePoint calendar;
};

struct DirectoryOptions {
  BalancerOptions balancer;                       // the strategy is each service's own
  Duration stale_after = std::chrono::hours(24);  // how long the last good list of a source serves
};

struct ServiceSpec {
  std::string service;  // the provider's name
  Strategy strategy = Strategy::round_robin;
  std::vector<std::shared_ptr<const EndpointSource>> sources;  // the first names go first
};

struct DirectoryChange {
  std::vector<std::string> services;  // whose lists are others now
  std::vector<Error> problems;        // of sources, each told once until it changes or ends
};

struct SourceStatus {
  std::string name;
  SourceState state = SourceState::unasked;
  Duration age{};       // of the list in use
  std::string problem;  // of the last asking; empty: none
};
struct ServiceStatus {
  std::string service;
  Strategy strategy = Strategy::round_robin;
  bool in_panic = false;
  std::vector<SourceStatus> sources;
  std::vector<EndpointStatus> endpoints;
};

class Directory {
 public:
  Directory(const DirectoryOptions& options, std::vector<ServiceSpec> services);

  // Lists of an earlier run, for sources that do not know theirs at start. Before the first
  // refresh.
  void restore(const LastGood& lists, DirectoryTime now);

  // Asks every source and puts the merged lists into force.
  DirectoryChange refresh(DirectoryTime now);

  // `resolve` when no address is known (or none that is young enough), `unknown_name` for a service
  // that was never named.
  Result<PickedEndpoint> pick(std::string_view service, Monotonic now, Random& random,
                              AvoidList avoid = {});

  // What should be on disk, when that differs from what was taken last in more than a little age.
  std::optional<LastGood> take_unsaved(DirectoryTime now);

  std::vector<ServiceStatus> snapshot(Monotonic now) const;

 private:
  struct Service {
    explicit Service(const BalancerOptions& options) : balancer(options) {}
    std::vector<RememberedSource> sources;
    std::vector<Endpoint> merged;
    Balancer balancer;
  };

  RememberedSource* find_source(std::string_view service, std::string_view source);
  LastGood lasting_lists(DirectoryTime now) const;

  Duration stale_after_;
  std::map<std::string, std::unique_ptr<Service>, std::less<>> services_;
  LastGood taken_;
  LastGood others_;  // of the file, for services and sources this process does not have
};

}  // namespace vortex
