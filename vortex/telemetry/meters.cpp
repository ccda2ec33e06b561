#include "vortex/telemetry/meters.hpp"

namespace vortex {

Counter& Meters::counter(std::string_view family, std::string_view label) {
  return find_or_make(counters_, family, label);
}

Gauge& Meters::gauge(std::string_view family, std::string_view label) {
  return find_or_make(gauges_, family, label);
}

std::vector<MeterReading> Meters::counters() const {
  return read(counters_);
}

std::vector<MeterReading> Meters::gauges() const {
  return read(gauges_);
}

template <class Meter>
Meter& Meters::find_or_make(Families<Meter>& families, std::string_view family,
                            std::string_view label) {
  const std::scoped_lock lock(mutex_);
  auto labels = families.find(family);
  if (labels == families.end()) {
    if (families.size() >= options_.families_max) family = kOtherLabel;
    labels = families.try_emplace(std::string(family)).first;
  }
  Family<Meter>& of_label = labels->second;
  if (label.size() > kLabelSizeMax) label = kOtherLabel;
  auto meter = of_label.find(label);
  if (meter == of_label.end()) {
    if (of_label.size() - of_label.count(kOtherLabel) >= options_.labels_max) label = kOtherLabel;
    meter = of_label.try_emplace(std::string(label), nullptr).first;
    if (!meter->second) meter->second = std::make_unique<Meter>();
  }
  return *meter->second;
}

template <class Meter>
std::vector<MeterReading> Meters::read(const Families<Meter>& families) const {
  std::vector<MeterReading> out;
  const std::scoped_lock lock(mutex_);
  for (const auto& [family, labels] : families) {
    for (const auto& [label, meter] : labels) {
      out.push_back(
          {.family = family, .label = label, .value = static_cast<double>(meter->value())});
    }
  }
  return out;
}

}  // namespace vortex
